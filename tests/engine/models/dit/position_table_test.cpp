#include "engine/models/dit/position_table.h"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>

namespace stampd::models::dit {
namespace {

// Values of the reference for PixArt-Sigma's real shape at 1024 pixels: width 1152, 64x64 tokens, scale 2.
TEST(PositionTableTest, SpeaksOfColumnsThenLines) {
  const TokenLayout raster = TokenLayout::Tiled({64, 64}, 1);
  const torch::Tensor row = PositionTable(raster, 1152, 64, 2)[3 * 64 + 5];
  const std::pair<int, double> expected[] = {{0, 0.59847212},     {1, 0.65959412},   {287, 2.5812429e-4}, {288, -0.80114359},
                                             {289, -0.75162196},  {575, 0.99999994}, {576, 0.99749500},   {577, 0.99304515},
                                             {863, 1.5487458e-4}, {864, 0.07073720}, {865, 0.11773420},   {1151, 1.0}};
  for (const auto& [channel, value] : expected) {
    EXPECT_NEAR(row[channel].item<double>(), value, 2e-7 * std::abs(value) + 1e-8) << "channel " << channel;
  }
}

}  // namespace
}  // namespace stampd::models::dit
