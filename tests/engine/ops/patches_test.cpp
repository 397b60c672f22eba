#include "engine/ops/patches.h"

#include <gtest/gtest.h>

#include "engine/ops/segment.h"

namespace stampd::ops {
namespace {

class PatchesTest : public ::testing::TestWithParam<std::tuple<Grid, int>> {
 protected:
  const Grid grid_ = std::get<0>(GetParam());
  const int patch_ = std::get<1>(GetParam());
  const TokenLayout layout_ = TokenLayout::Tiled(grid_, 4);
};

TEST_P(PatchesTest, TokensHoldTheirSquareWithTheChannelOutermost) {
  const torch::Tensor latent = at::randn({3, grid_.height * patch_, grid_.width * patch_});
  const torch::Tensor tokens = Patchify(latent, layout_, patch_);
  ASSERT_EQ(tokens.sizes(), at::IntArrayRef({grid_.tokens(), 3 * patch_ * patch_}));
  for (int t = 0; t < grid_.tokens(); ++t) {
    const int raster = layout_.raster_of()[static_cast<std::size_t>(t)];
    const torch::Tensor square =
        latent.narrow(1, raster / grid_.width * patch_, patch_).narrow(2, raster % grid_.width * patch_, patch_);
    EXPECT_TRUE(at::equal(tokens[t], square.reshape({-1}))) << "token " << t;
  }
}

TEST_P(PatchesTest, SquaresComeBackWithTheChannelInnermost) {
  const torch::Tensor tokens = at::randn({grid_.tokens(), patch_ * patch_ * 5});
  const torch::Tensor latent = Unpatchify(tokens, layout_, patch_);
  ASSERT_EQ(latent.sizes(), at::IntArrayRef({5, grid_.height * patch_, grid_.width * patch_}));
  for (int t = 0; t < grid_.tokens(); ++t) {
    const int raster = layout_.raster_of()[static_cast<std::size_t>(t)];
    const torch::Tensor square =
        latent.narrow(1, raster / grid_.width * patch_, patch_).narrow(2, raster % grid_.width * patch_, patch_);
    EXPECT_TRUE(at::equal(tokens[t], square.permute({1, 2, 0}).reshape({-1}))) << "token " << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, PatchesTest,
                         ::testing::Combine(::testing::Values(Grid{1, 1}, Grid{8, 4}, Grid{3, 7}, Grid{9, 11}),
                                            ::testing::Values(1, 2, 3)));

TEST(SegmentTest, PackingKeepsOrder) {
  const torch::Tensor a = at::randn({2, 3}), b = at::randn({4, 3});
  const torch::Tensor packed = Pack({a, b});
  EXPECT_TRUE(at::equal(RowsOf(packed, {0, 2}), a));
  EXPECT_TRUE(at::equal(RowsOf(packed, {2, 4}), b));
  EXPECT_EQ(WholeOf(packed).tokens, 6);
}

}  // namespace
}  // namespace stampd::ops
