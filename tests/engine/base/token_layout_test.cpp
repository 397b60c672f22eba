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

TEST_P(TokenLayoutTest, NeighboursLieAroundTheirToken) {
  ASSERT_EQ(layout_.neighbours().size(), 9u * GetParam().tokens());
  for (int row = 0; row < GetParam().tokens(); ++row) {
    const int raster = layout_.raster_of()[row];
    for (int i = 0; i < 9; ++i) {
      const int y = raster / GetParam().width + i / 3 - 1, x = raster % GetParam().width + i % 3 - 1;
      const int found = layout_.neighbours()[9 * row + i];
      if (y < 0 || y >= GetParam().height || x < 0 || x >= GetParam().width) {
        EXPECT_EQ(found, -1) << row << ", " << i;
      } else {
        ASSERT_GE(found, 0) << row << ", " << i;
        EXPECT_EQ(layout_.raster_of()[found], y * GetParam().width + x) << row << ", " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, TokenLayoutTest,
                         testing::Values(Grid{64, 64}, Grid{60, 64}, Grid{52, 76}, Grid{26, 38}, Grid{9, 23}, Grid{1, 1}),
                         [](const auto& info) {
                           return std::to_string(info.param.height) + "x" + std::to_string(info.param.width);
                         });

}  // namespace
}  // namespace stampd
