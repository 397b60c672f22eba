#include "engine/ops/modulation.h"

#include <gtest/gtest.h>

#include "tests/golden.h"

namespace stampd::ops {
namespace {

using stampd::testing::ExpectClose;

struct Case {
  std::vector<std::int64_t> tokens;  // of each segment
  std::int64_t width;
};

// Loops with and without a tail, and segments that begin where no vector does.
const Case kCases[] = {{{1}, 1}, {{1}, 16}, {{5}, 33}, {{3, 1, 7}, 24}, {{2, 4}, 1152}, {{13, 1, 1, 6}, 71}};

class ModulationTest : public ::testing::TestWithParam<std::tuple<Case, torch::ScalarType>> {
 protected:
  ModulationTest() {
    at::manual_seed(4);
    for (const std::int64_t tokens : shape().tokens) {
      segments_.push_back({total_, tokens});
      total_ += tokens;
    }
  }

  const Case& shape() const { return std::get<0>(GetParam()); }
  torch::Tensor Draw(std::int64_t rows) const { return at::randn({rows, shape().width}).to(std::get<1>(GetParam())); }

  double tolerance() const {
    const torch::ScalarType dtype = std::get<1>(GetParam());
    return dtype == torch::kFloat32 ? 1e-6 : dtype == torch::kBFloat16 ? 8e-3 : 1e-3;
  }

  // Each token's row of a table with one row a segment.
  std::vector<std::int64_t> SegmentOfToken() const {
    std::vector<std::int64_t> of;
    for (std::size_t s = 0; s < segments_.size(); ++s)
      of.insert(of.end(), static_cast<std::size_t>(segments_[s].tokens), static_cast<std::int64_t>(s));
    return of;
  }

  std::int64_t total_ = 0;
  std::vector<Segment> segments_;
};

TEST_P(ModulationTest, NormsThenScalesAndShiftsBySegment) {
  const torch::Tensor x = Draw(total_) * 3 + 1;
  const auto count = static_cast<std::int64_t>(segments_.size());
  const torch::Tensor shift = Draw(count), scale = Draw(count);
  const std::vector<std::int64_t> of = SegmentOfToken();
  torch::Tensor expected = at::empty({total_, shape().width}, torch::kFloat64);
  for (std::int64_t t = 0; t < total_; ++t) {
    const torch::Tensor row = x[t].to(torch::kFloat64);
    const torch::Tensor centred = row - row.mean();
    const torch::Tensor normal = centred / (centred.square().mean() + 1e-6).sqrt();
    expected[t] = normal * (scale[of[static_cast<std::size_t>(t)]].to(torch::kFloat64) + 1) +
                  shift[of[static_cast<std::size_t>(t)]].to(torch::kFloat64);
  }
  ExpectClose(LayerNormModulate(x, segments_, {shift, scale, 1e-6}), expected, tolerance());
}

TEST_P(ModulationTest, AddsThroughTheGateOfTheSegment) {
  const torch::Tensor y = Draw(total_), before = Draw(total_);
  const torch::Tensor gate = Draw(static_cast<std::int64_t>(segments_.size()));
  const torch::Tensor gates = gate.index_select(0, torch::tensor(SegmentOfToken())).to(torch::kFloat64);
  torch::Tensor x = before.clone();
  GatedAdd(x, segments_, gate, y);
  ExpectClose(x, before.to(torch::kFloat64) + gates * y.to(torch::kFloat64), tolerance());
  x = before.clone();
  GatedAdd(x, segments_, {}, y);
  ExpectClose(x, before.to(torch::kFloat64) + y.to(torch::kFloat64), tolerance());
}

INSTANTIATE_TEST_SUITE_P(Table, ModulationTest,
                         ::testing::Combine(::testing::ValuesIn(kCases),
                                            ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16)));

}  // namespace
}  // namespace stampd::ops
