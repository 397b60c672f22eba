#include "engine/kernels/haar.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace stampd::kernels {
namespace {

constexpr int kWidth = 3;

std::vector<double> RandomTokens(int rows) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<std::size_t>(rows) * kWidth);
  for (double& v : x) v = normal(random);
  return x;
}

TokenView<double> View(std::vector<double>& x) { return {x.data(), static_cast<int>(x.size()) / kWidth, kWidth, kWidth}; }

double Energy(const std::vector<double>& x) { return std::inner_product(x.begin(), x.end(), x.begin(), 0.0); }

// Grids of every kind that resolution bins give: whole tiles, strips of smaller ones, odd edges, a single token.
class HaarTest : public testing::TestWithParam<Grid> {
 protected:
  TokenLayout layout_ = TokenLayout::Tiled(GetParam(), 8);
  std::vector<double> x_ = RandomTokens(GetParam().tokens());
};

TEST_P(HaarTest, LayoutIsAPermutation) {
  std::vector<int> order(layout_.raster_of().begin(), layout_.raster_of().end());
  std::sort(order.begin(), order.end());
  std::vector<int> all(GetParam().tokens());
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);
}

TEST_P(HaarTest, KeepsEnergy) {
  const double before = Energy(x_);
  reference::HaarForward(View(x_), layout_.tiles());
  EXPECT_NEAR(Energy(x_), before, 1e-12 * before);
}

TEST_P(HaarTest, InverseRestores) {
  const std::vector<double> before = x_;
  reference::HaarForward(View(x_), layout_.tiles());
  reference::HaarInverse(View(x_), layout_.tiles());
  for (std::size_t i = 0; i < x_.size(); ++i) EXPECT_NEAR(x_[i], before[i], 1e-14) << "element " << i;
}

TEST_P(HaarTest, FlatTileGoesIntoItsFirstRow) {
  std::fill(x_.begin(), x_.end(), 0.5);
  reference::HaarForward(View(x_), layout_.tiles());
  for (const Tile& tile : layout_.tiles()) {
    for (int r = 0; r < tile.side * tile.side; ++r) {
      EXPECT_NEAR(View(x_).row(tile.first_row + r)[0], r == 0 ? 0.5 * tile.side : 0, 1e-15);
    }
  }
}

// The textbook definition on the raster grid: rows, then columns, then again on the averages.
TEST_P(HaarTest, DcEqualsSeparableDefinition) {
  std::vector<double> raster(x_.size());
  for (int row = 0; row < GetParam().tokens(); ++row) {
    std::copy_n(View(x_).row(row), kWidth, raster.begin() + layout_.raster_of()[row] * kWidth);
  }
  reference::HaarForward(View(x_), layout_.tiles());
  for (const Tile& tile : layout_.tiles()) {
    double sum = 0;
    for (int y = 0; y < tile.side; ++y) {
      for (int x = 0; x < tile.side; ++x) sum += raster[((tile.top + y) * GetParam().width + tile.left + x) * kWidth];
    }
    EXPECT_NEAR(View(x_).row(tile.first_row)[0], sum / tile.side, 1e-13);
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, HaarTest,
                         testing::Values(Grid{64, 64}, Grid{60, 64}, Grid{52, 76}, Grid{26, 38}, Grid{9, 23}, Grid{1, 1}),
                         [](const auto& info) {
                           return std::to_string(info.param.height) + "x" + std::to_string(info.param.width);
                         });

}  // namespace
}  // namespace stampd::kernels
