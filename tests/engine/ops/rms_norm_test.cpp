#include "engine/ops/rms_norm.h"

#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/threads.h"

namespace stampd::ops {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Threads;

class RmsNormTest : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  RmsNormTest() { at::manual_seed(8); }
  torch::Tensor Draw(at::IntArrayRef shape) const { return at::randn(shape).to(GetParam()); }
  double tolerance() const { return GetParam() == torch::kFloat32 ? 1e-6 : GetParam() == torch::kBFloat16 ? 5e-3 : 1e-3; }
};

// The middle part of wider rows, more of them than a task takes.
TEST_P(RmsNormTest, NormsAPartOfWiderRowsAndNothingElse) {
  for (const bool biased : {false, true}) {
    const torch::Tensor before = Draw({37, 3 * 50}) * 5;
    const RmsNorm norm{.weight = Draw({50}), .bias = biased ? Draw({50}) : torch::Tensor(), .eps = 1e-2};
    const torch::Tensor x = before.clone();
    Normalize(x.narrow(1, 50, 50), norm);
    const torch::Tensor part = before.narrow(1, 50, 50).to(torch::kFloat64);
    torch::Tensor expected = part / (part.square().mean(1, true) + 1e-2).sqrt() * norm.weight.to(torch::kFloat64);
    if (biased) expected = expected + norm.bias.to(torch::kFloat64);
    ExpectClose(x.narrow(1, 50, 50), expected, tolerance());
    for (const int at : {0, 100}) EXPECT_TRUE(at::equal(x.narrow(1, at, 50), before.narrow(1, at, 50)));
  }
}

TEST_P(RmsNormTest, AddsWhatIsNormed) {
  const RmsNorm norm{.weight = Draw({33}), .bias = Draw({33}), .eps = 0.1};
  const torch::Tensor before = Draw({17, 33}), x = before.clone(), y = Draw({17, 33}) * 3, kept = y.clone();
  AddNormalized(x, y, norm);
  const torch::Tensor wide = y.to(torch::kFloat64);
  ExpectClose(x, before + (wide / (wide.square().mean(1, true) + 0.1).sqrt() * norm.weight + norm.bias), tolerance());
  EXPECT_TRUE(at::equal(y, kept));
}

TEST_P(RmsNormTest, ARowDoesNotSeeItsNeighboursNorTheThreads) {
  const RmsNorm norm{.weight = Draw({71})};
  const torch::Tensor before = Draw({40, 71});
  const torch::Tensor all = before.clone();
  Normalize(all, norm);
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    for (const std::int64_t row : {0, 15, 16, 39}) {
      const torch::Tensor alone = before.narrow(0, row, 1).clone();
      Normalize(alone, norm);
      EXPECT_TRUE(at::equal(alone, all.narrow(0, row, 1))) << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, RmsNormTest, ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

}  // namespace
}  // namespace stampd::ops
