#include "engine/kernels/gated_depthwise.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/kernels/rows.h"

namespace stampd::kernels {
namespace {

using cpu::InstructionSet;
using stampd::testing::Normal;
using stampd::testing::NormalisedError;
using stampd::testing::Rows;

struct Shape {
  Grid grid;
  int side, width;
};

class GatedDepthwiseTest : public ::testing::TestWithParam<std::tuple<Shape, InstructionSet>> {
 protected:
  GatedDepthwiseTest() {
    Normal normal(5);
    x_.Fill(normal);
    for (std::vector<float>* const values : {&taps_, &bias_}) {
      for (float& value : *values) value = static_cast<float>(normal());
    }
  }
  const Shape& shape() const { return std::get<0>(GetParam()); }
  InstructionSet set() const { return std::get<1>(GetParam()); }
  int tokens() const { return shape().grid.tokens(); }

  // In parts of `most` tokens.
  Rows<float> Filtered(int most, InstructionSet set) const {
    Rows<float> out(tokens(), shape().width);
    for (int row = 0; row < tokens(); row += most) {
      cpu::GatedDepthwise<float>(x_.view(), layout_.neighbours().data(), {taps_.data(), bias_.data()}, row,
                                 std::min(most, tokens() - row), out.view(), set);
    }
    EXPECT_TRUE(out.MarksStand());
    return out;
  }

  const TokenLayout layout_ = TokenLayout::Tiled(shape().grid, shape().side);
  Rows<float> x_{tokens(), 2 * shape().width};
  std::vector<float> taps_ = std::vector<float>(18u * shape().width), bias_ = std::vector<float>(2u * shape().width);
};

TEST_P(GatedDepthwiseTest, AgreesWithTheDefinitionInRasterOrder) {
  Rows<double> raster(tokens(), 2 * shape().width), expected(tokens(), shape().width);
  for (int row = 0; row < tokens(); ++row) {
    for (int c = 0; c < raster.width(); ++c) raster.view().row(layout_.raster_of()[row])[c] = x_.at(row, c);
  }
  const std::vector<double> taps(taps_.begin(), taps_.end()), bias(bias_.begin(), bias_.end());
  reference::GatedDepthwise(std::as_const(raster).view(), shape().grid, {taps.data(), bias.data()}, expected.view());
  Rows<float> found(tokens(), shape().width);
  const Rows<float> filtered = Filtered(tokens(), set());
  for (int row = 0; row < tokens(); ++row) {
    for (int c = 0; c < shape().width; ++c) found.view().row(layout_.raster_of()[row])[c] = filtered.at(row, c);
  }
  EXPECT_LE(NormalisedError(found, expected), 5e-7);
}

TEST_P(GatedDepthwiseTest, PartsAndInstructionSetsGiveTheSameBytes) {
  const Rows<float> whole = Filtered(tokens(), InstructionSet::kSse2);
  for (const int most : {1, 5, 64}) EXPECT_EQ(Filtered(most, set()), whole) << most;
}

TEST_P(GatedDepthwiseTest, RoundsBf16OnceAtTheEnd) {
  std::vector<Bf16> x, out(static_cast<std::size_t>(tokens()) * shape().width);
  for (int r = 0; r < tokens(); ++r) {
    for (int c = 0; c < x_.width(); ++c) {
      x.push_back(ToBf16(x_.at(r, c)));
      x_.view().row(r)[c] = ToFloat(x.back());
    }
  }
  cpu::GatedDepthwise<Bf16>({x.data(), tokens(), x_.width(), x_.width()}, layout_.neighbours().data(), {taps_.data(), bias_.data()},
                            0, tokens(), {out.data(), tokens(), shape().width, shape().width}, set());
  const Rows<float> expected = Filtered(tokens(), set());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto width = static_cast<std::size_t>(shape().width);
    ASSERT_EQ(out[i].bits, ToBf16(expected.at(static_cast<int>(i / width), static_cast<int>(i % width))).bits) << i;
  }
}

std::string CaseName(const ::testing::TestParamInfo<GatedDepthwiseTest::ParamType>& info) {
  const auto& [shape, set] = info.param;
  return std::to_string(shape.grid.height) + "x" + std::to_string(shape.grid.width) + "x" + std::to_string(shape.width) + "_" +
         cpu::Name(set);
}

// Pictures that are all border, ones that tiles do not cover, and widths around those of registers and parts.
INSTANTIATE_TEST_SUITE_P(Shapes, GatedDepthwiseTest,
                         ::testing::Combine(::testing::Values(Shape{{1, 1}, 4, 1}, Shape{{1, 7}, 4, 15}, Shape{{2, 2}, 2, 16},
                                                              Shape{{5, 7}, 4, 60}, Shape{{9, 6}, 8, 65}, Shape{{8, 8}, 4, 130}),
                                            ::testing::ValuesIn(cpu::RunnableInstructionSets().begin(),
                                                                cpu::RunnableInstructionSets().end())),
                         CaseName);

}  // namespace
}  // namespace stampd::kernels
