#include "engine/base/token_layout.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/z_order.h"

namespace stampd {
namespace {

TEST(ZOrderTest, GoesThereAndBack) {
  EXPECT_EQ(ZOrder(0, 1), 1);
  EXPECT_EQ(ZOrder(1, 0), 2);
  EXPECT_EQ(ZOrder(2, 3), 0b1101);
  for (int z = 0; z < 4096; ++z) EXPECT_EQ(ZOrder(ZOrderY(z), ZOrderX(z)), z);
}

// Grids of every kind that resolution bins give: whole tiles, strips of smaller ones, odd edges, a single token.
class TokenLayoutTest : public testing::TestWithParam<Grid> {
 protected:
  TokenLayout layout_ = TokenLayout::Tiled(GetParam(), 8);
};

TEST_P(TokenLayoutTest, HoldsEachTokenOnce) {
  std::vector<int> order(layout_.raster_of().begin(), layout_.raster_of().end());
  std::sort(order.begin(), order.end());
  std::vector<int> all(GetParam().tokens());
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);
}

TEST_P(TokenLayoutTest, TilesAreConsecutiveSquaresInZOrder) {
  int next = 0;
  for (const Tile& tile : layout_.tiles()) {
    EXPECT_EQ(tile.first_row, next);
    for (int z = 0; z < tile.side * tile.side; ++z, ++next) {
      EXPECT_EQ(layout_.raster_of()[next], (tile.top + ZOrderY(z)) * GetParam().width + tile.left + ZOrderX(z));
    }
  }
  EXPECT_EQ(next, GetParam().tokens());
}

INSTANTIATE_TEST_SUITE_P(Grids, TokenLayoutTest,
                         testing::Values(Grid{64, 64}, Grid{60, 64}, Grid{52, 76}, Grid{26, 38}, Grid{9, 23}, Grid{1, 1}),
                         [](const auto& info) {
                           return std::to_string(info.param.height) + "x" + std::to_string(info.param.width);
                         });

}  // namespace
}  // namespace stampd
