#include "engine/kernels/pointwise.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/kernels/rows.h"

namespace stampd::kernels {
namespace {

using stampd::testing::Normal;
using stampd::testing::Rows;

Bf16 Rounded(float x) { return ToBf16(x); }

std::vector<Bf16> Rounded(const std::vector<float>& x) {
  std::vector<Bf16> rounded;
  for (const float value : x) rounded.push_back(Rounded(value));
  return rounded;
}

std::vector<float> Draw(int count, unsigned seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  Normal normal(seed);
  for (float& value : values) value = static_cast<float>(normal());
  return values;
}

TEST(Bf16Test, RoundsToTheNearestAndHalfToEven) {
  EXPECT_EQ(ToBf16(1.f).bits, 0x3f80);
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3f808000u)).bits, 0x3f80);  // half way, down to even
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3f818000u)).bits, 0x3f82);  // half way, up to even
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0x3f808001u)).bits, 0x3f81);
  EXPECT_EQ(ToBf16(std::bit_cast<float>(0xbf808001u)).bits, 0xbf81);
  EXPECT_EQ(ToBf16(std::numeric_limits<float>::max()).bits, 0x7f80);
  EXPECT_EQ(ToBf16(-std::numeric_limits<float>::infinity()).bits, 0xff80);
  EXPECT_TRUE(std::isnan(ToFloat(ToBf16(std::bit_cast<float>(0x7f800001u)))));
  EXPECT_TRUE(std::isnan(ToFloat(ToBf16(std::bit_cast<float>(0xffffffffu)))));
}

// Widths with and without a whole number of lanes, and rows that begin where no vector does, on every instruction set that this
// machine has.
class PointwiseTest : public ::testing::TestWithParam<std::tuple<int, cpu::InstructionSet>> {
 protected:
  static constexpr int kRows = 5;
  int width() const { return std::get<0>(GetParam()); }
  cpu::InstructionSet set() const { return std::get<1>(GetParam()); }
  Rows<float> DrawRows(unsigned seed) const {
    Rows<float> rows(kRows, width());
    rows.Fill(Normal(seed));
    return rows;
  }
};

TEST_P(PointwiseTest, NormsAndModulatesAsTheReferenceDoes) {
  Rows<float> x(kRows, width()), found(kRows, width());
  Normal normal(1);
  x.Fill([&] { return static_cast<float>(3 * normal() + 1); });
  const std::vector<float> shift = Draw(width(), 2), scale = Draw(width(), 3);
  cpu::LayerNormModulate<float>(std::as_const(x).view(), shift.data(), scale.data(), 1e-6f, found.view(), set());
  Rows<double> expected = x.As<double>();
  const std::vector<double> wide_shift(shift.begin(), shift.end()), wide_scale(scale.begin(), scale.end());
  reference::LayerNormModulate(expected.view(), wide_shift.data(), wide_scale.data(), 1e-6);
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) EXPECT_NEAR(found.at(r, c), expected.at(r, c), 1e-5) << r << ", " << c;
  }
  EXPECT_TRUE(found.MarksStand());
}

TEST_P(PointwiseTest, SumsInTheOrderThatTheHeaderStates) {
  const Rows<float> x = DrawRows(4);
  Rows<float> found(kRows, width());
  const std::vector<float> shift = Draw(width(), 5), scale = Draw(width(), 6);
  cpu::LayerNormModulate<float>(x.view(), shift.data(), scale.data(), 1e-5f, found.view(), set());
  const auto sum = [&](int r, auto term) {
    float lanes[16] = {};
    for (int c = 0; c < width(); ++c) lanes[c % 16] += term(x.at(r, c));
    for (const int apart : {8, 4, 2, 1}) {
      for (int i = 0; i < apart; ++i) lanes[i] += lanes[i + apart];
    }
    return lanes[0];
  };
  const auto count = static_cast<float>(width());
  for (int r = 0; r < kRows; ++r) {
    const float mean = sum(r, [](float value) { return value; }) / count;
    const float variance = sum(r, [&](float value) { return (value - mean) * (value - mean); }) / count;
    const float factor = 1.f / std::sqrt(variance + 1e-5f);
    for (int c = 0; c < width(); ++c) {
      EXPECT_EQ(found.at(r, c), ((x.at(r, c) - mean) * factor) * (1.f + scale[c]) + shift[c]) << r << ", " << c;
    }
  }
}

TEST_P(PointwiseTest, RoundsBf16OnceAtTheEnd) {
  const Rows<float> drawn = DrawRows(7);
  std::vector<Bf16> x;
  Rows<float> widened(kRows, width());
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) {
      x.push_back(Rounded(drawn.at(r, c)));
      widened.view().row(r)[c] = ToFloat(x.back());
    }
  }
  const TokenView<const Bf16> view{x.data(), kRows, width(), width()};
  Rows<float> found(kRows, width()), expected(kRows, width());
  cpu::Widen(view, found.view(), set());
  EXPECT_EQ(found, widened);

  const std::vector<Bf16> shift = Rounded(Draw(width(), 8)), scale = Rounded(Draw(width(), 9));
  std::vector<float> wide_shift, wide_scale;
  for (int c = 0; c < width(); ++c) {
    wide_shift.push_back(ToFloat(shift[c]));
    wide_scale.push_back(ToFloat(scale[c]));
  }
  cpu::LayerNormModulate(view, shift.data(), scale.data(), 1e-6f, found.view(), set());
  cpu::LayerNormModulate<float>(std::as_const(widened).view(), wide_shift.data(), wide_scale.data(), 1e-6f, expected.view(), set());
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) EXPECT_EQ(found.at(r, c), ToFloat(Rounded(expected.at(r, c))));
  }

  std::vector<Bf16> narrowed(x.size());
  cpu::Narrow<Bf16>(std::as_const(drawn).view(), {narrowed.data(), kRows, width(), width()}, set());
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(narrowed[i].bits, x[i].bits);
}

TEST_P(PointwiseTest, DividesByTheRootMeanSquareAsTheReferenceDoes) {
  const Rows<float> x = DrawRows(18);
  const std::vector<float> weight = Draw(width(), 19), bias = Draw(width(), 20);
  const std::vector<double> wide_weight(weight.begin(), weight.end()), wide_bias(bias.begin(), bias.end());
  for (const bool biased : {false, true}) {
    Rows<float> found(kRows, width());
    cpu::RmsNorm(x.view(), weight.data(), biased ? bias.data() : nullptr, 1e-5f, found.view(), set());
    Rows<double> expected = x.As<double>();
    reference::RmsNorm(expected.view(), wide_weight.data(), biased ? wide_bias.data() : nullptr, 1e-5);
    EXPECT_LE(stampd::testing::NormalisedError(found, expected), 2e-7);
    EXPECT_TRUE(found.MarksStand());
  }
}

TEST_P(PointwiseTest, RoundsARootMeanSquareNormToBf16Once) {
  const Rows<float> drawn = DrawRows(21);
  const std::vector<Bf16> weight = Rounded(Draw(width(), 22));
  std::vector<float> wide_weight;
  for (const Bf16 value : weight) wide_weight.push_back(ToFloat(value));
  for (int r = 0; r < kRows; ++r) {
    std::vector<Bf16> x;
    Rows<float> wide(1, width()), found(1, width()), expected(1, width());
    for (int c = 0; c < width(); ++c) {
      x.push_back(Rounded(drawn.at(r, c)));
      wide.view().row(0)[c] = ToFloat(x.back());
    }
    cpu::RmsNorm<Bf16>({x.data(), 1, width(), width()}, weight.data(), nullptr, 1e-5f, found.view(), set());
    cpu::RmsNorm<float>(std::as_const(wide).view(), wide_weight.data(), nullptr, 1e-5f, expected.view(), set());
    for (int c = 0; c < width(); ++c) EXPECT_EQ(found.at(0, c), ToFloat(Rounded(expected.at(0, c)))) << r << ", " << c;
  }
}

TEST_P(PointwiseTest, AddsABiasToEachRow) {
  const Rows<float> x = DrawRows(10);
  Rows<float> y = x;
  const std::vector<float> bias = Draw(width(), 11);
  cpu::AddBias(y.view(), bias.data(), set());
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) EXPECT_EQ(y.at(r, c), x.at(r, c) + bias[c]);
  }
  EXPECT_TRUE(y.MarksStand());
}

TEST_P(PointwiseTest, AddsThroughAGateOrWithout) {
  const Rows<float> before = DrawRows(12), y = DrawRows(13);
  const std::vector<float> gate = Draw(width(), 14);
  Rows<float> gated = before, added = before;
  cpu::GatedAdd(gated.view(), gate.data(), y.view(), set());
  cpu::GatedAdd<float>(added.view(), nullptr, y.view(), set());
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) {
      EXPECT_EQ(gated.at(r, c), before.at(r, c) + gate[c] * y.at(r, c));
      EXPECT_EQ(added.at(r, c), before.at(r, c) + y.at(r, c));
    }
  }
  EXPECT_TRUE(gated.MarksStand());
}

TEST_P(PointwiseTest, AddsInBf16WhatWasRoundedToIt) {
  const Rows<float> before = DrawRows(15), y = DrawRows(16);
  const std::vector<Bf16> gate = Rounded(Draw(width(), 17));
  std::vector<Bf16> x;
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) x.push_back(Rounded(before.at(r, c)));
  }
  const std::vector<Bf16> was = x;
  cpu::GatedAdd<Bf16>({x.data(), kRows, width(), width()}, gate.data(), y.view(), set());
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < width(); ++c) {
      const std::size_t i = static_cast<std::size_t>(r) * width() + c;
      const float expected = ToFloat(was[i]) + ToFloat(gate[c]) * ToFloat(Rounded(y.at(r, c)));
      EXPECT_EQ(x[i].bits, Rounded(expected).bits);
    }
  }
}

auto EverySet() { return ::testing::ValuesIn(cpu::RunnableInstructionSets().begin(), cpu::RunnableInstructionSets().end()); }

INSTANTIATE_TEST_SUITE_P(Widths, PointwiseTest, ::testing::Combine(::testing::Values(1, 15, 16, 33, 192, 1152), EverySet()),
                         [](const auto& info) {
                           return std::to_string(std::get<0>(info.param)) + "_" + cpu::Name(std::get<1>(info.param));
                         });

struct Activation {
  const char* name;
  void (*compute)(TokenView<float> y, cpu::InstructionSet set);
  double (*reference)(double x);
};

constexpr Activation kActivations[] = {{"gelu", cpu::GeluTanh, reference::GeluTanh}, {"silu", cpu::Silu, reference::Silu}};

class ActivationTest : public ::testing::TestWithParam<std::tuple<Activation, cpu::InstructionSet>> {
 protected:
  const Activation& activation() const { return std::get<0>(GetParam()); }
  std::vector<float> Activate(std::vector<float> y, cpu::InstructionSet set) const {
    activation().compute({y.data(), 1, static_cast<int>(y.size()), 0}, set);
    return y;
  }
  std::vector<float> Activate(std::vector<float> y) const { return Activate(std::move(y), std::get<1>(GetParam())); }
};

TEST_P(ActivationTest, IsTheFormulaWithinAFewRoundings) {
  std::vector<float> x;
  for (float at = -12; at <= 12; at += 0.00390625f) x.push_back(at);
  const std::vector<float> y = Activate(x);
  for (std::size_t i = 0; i < y.size(); ++i) {
    // Far to the left GELU's formula is a difference of nearly equal numbers: the error is measured against x.
    EXPECT_NEAR(y[i], activation().reference(x[i]), 4e-7 * std::abs(x[i])) << x[i];
  }
  EXPECT_EQ(y, Activate(x, cpu::InstructionSet::kSse2));
}

TEST_P(ActivationTest, HoldsAtTheEndsOfTheLine) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> y =
      Activate({0.f, -0.f, 1e4f, -1e4f, 1e-38f, std::numeric_limits<float>::quiet_NaN(), infinity, 1e13f, -1e13f});
  EXPECT_EQ(y[0], 0.f);
  EXPECT_EQ(y[1], 0.f);
  EXPECT_EQ(y[2], 1e4f);
  EXPECT_NEAR(y[3], 0.f, 1e-30f);
  EXPECT_NEAR(y[4], 0.5e-38f, 1e-43f);
  EXPECT_TRUE(std::isnan(y[5]));
  EXPECT_EQ(y[6], infinity);
  EXPECT_EQ(y[7], 1e13f);
  EXPECT_NEAR(y[8], 0.f, 1e-20f);
}

INSTANTIATE_TEST_SUITE_P(Sets, ActivationTest, ::testing::Combine(::testing::ValuesIn(kActivations), EverySet()),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "_" + cpu::Name(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace stampd::kernels
