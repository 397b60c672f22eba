#include "engine/ops/gated_depthwise.h"

#include <gtest/gtest.h>

#include "engine/ops/patches.h"
#include "tests/engine/ops/packed_grids.h"
#include "tests/expect_broken.h"
#include "tests/golden.h"
#include "tests/threads.h"

namespace stampd::ops {
namespace {

using stampd::testing::DrawTokens;
using stampd::testing::ExpectBroken;
using stampd::testing::ExpectClose;
using stampd::testing::PackedGrids;
using stampd::testing::Threads;

constexpr std::int64_t kWidth = 300;

class GatedDepthwiseTest : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  GatedDepthwiseTest() {
    at::manual_seed(10);
    x_ = DrawTokens(grids_.tokens(), 2 * kWidth).to(GetParam());
    filters_ = {at::randn({9, 2 * kWidth}), at::randn({2 * kWidth})};
  }
  double tolerance() const { return GetParam() == torch::kFloat32 ? 1e-6 : GetParam() == torch::kBFloat16 ? 3e-3 : 1e-3; }

  // LibTorch's convolution of the segment's picture in double.
  torch::Tensor Convolved(const Segment& segment) const {
    const torch::Tensor picture = Unpatchify(RowsOf(x_.to(torch::kFloat64), segment), *segment.layout, 1).unsqueeze(0);
    const torch::Tensor weight = filters_.taps.to(torch::kFloat64).t().reshape({2 * kWidth, 1, 3, 3});
    const torch::Tensor y = at::conv2d(picture, weight, filters_.bias.to(torch::kFloat64), 1, 1, 1, 2 * kWidth);
    const std::vector<torch::Tensor> split = y.chunk(2, 1);
    return Patchify((split[0] * at::silu(split[1])).squeeze(0), *segment.layout, 1);
  }

  // One of more than a task's tokens.
  PackedGrids grids_ = {{{5, 7}, 4}, {{1, 1}, 4}, {{18, 14}, 4}, {{5, 7}, 8}};
  torch::Tensor x_;
  DepthwiseFilters filters_;
};

TEST_P(GatedDepthwiseTest, FiltersEachSegmentsPicture) {
  const torch::Tensor found = GatedDepthwise(x_, grids_.segments(), filters_);
  for (const Segment& segment : grids_.segments()) ExpectClose(RowsOf(found, segment), Convolved(segment), tolerance());
}

TEST_P(GatedDepthwiseTest, NeighboursInThePackAndThreadsDoNotChangeAByte) {
  const torch::Tensor expected = GatedDepthwise(x_, grids_.segments(), filters_);
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    EXPECT_TRUE(at::equal(GatedDepthwise(x_, grids_.segments(), filters_), expected)) << count;
  }
  for (const Segment& segment : grids_.segments()) {
    const Segment alone{0, segment.tokens, segment.layout};
    EXPECT_TRUE(at::equal(GatedDepthwise(RowsOf(x_, segment), {&alone, 1}, filters_), RowsOf(expected, segment)));
  }
}

TEST_P(GatedDepthwiseTest, TokensWithoutAGridAreBroken) {
  const Segment text{0, x_.size(0)};
  ExpectBroken([&] { GatedDepthwise(x_, {&text, 1}, filters_); }, {"without a grid"});
}

INSTANTIATE_TEST_SUITE_P(Types, GatedDepthwiseTest, ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

}  // namespace
}  // namespace stampd::ops
