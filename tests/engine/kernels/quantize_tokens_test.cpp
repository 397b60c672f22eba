#include "engine/kernels/quantize_tokens.h"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/kernels/rows.h"

namespace stampd::kernels {
namespace {

using stampd::testing::Normal;
using stampd::testing::NormalisedError;
using stampd::testing::Rows;

// Quantized rows with their storage.
struct Tokens {
  Tokens(int rows, int width, int groups)
      : codes(static_cast<std::size_t>(rows) * width, 255),
        scales(static_cast<std::size_t>(rows) * groups),
        zeros(static_cast<std::size_t>(rows) * groups, 255),
        view{codes.data(), scales.data(), zeros.data(), rows, width, groups} {}

  std::vector<std::uint8_t> codes;
  std::vector<float> scales;
  std::vector<std::uint8_t> zeros;
  QuantizedTokens view;
};

struct Case {
  int width;
  int groups;
  TokenRounding rounding;
};

class QuantizeTokensTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int kRows = 9;

  QuantizeTokensTest() {
    x_.Fill(Normal(5));
    for (int c = 0; c < x_.width(); ++c) x_.view().row(2)[c] = 0;
    for (int c = 0; c < x_.width(); ++c) x_.view().row(3)[c] = std::abs(x_.at(3, c)) + 1;   // never negative
    for (int c = 0; c < x_.width(); ++c) x_.view().row(4)[c] = -std::abs(x_.at(4, c)) - 1;  // never positive
    for (int c = 0; c < x_.width(); ++c) x_.view().row(5)[c] *= 1e-20f;
    const Rows<float>& x = x_;
    cpu::QuantizeTokens(x.view(), bits_.data(), GetParam().rounding, tokens_.view);
  }

  Rows<float> x_{kRows, GetParam().width};
  std::vector<std::uint8_t> bits_ = {4, 8, 4, 4, 8, 4, 8, 2, 6};
  Tokens tokens_{kRows, GetParam().width, GetParam().groups};
};

// The header's formulas, one number at a time.
TEST_P(QuantizeTokensTest, IsTheFormulaBitForBit) {
  const auto [width, groups, rounding] = GetParam();
  const int count = width / groups;
  for (int i = 0; i < kRows * groups; ++i) {
    const int r = i / groups, first = i % groups * count;
    const float* x = x_.view().row(r) + first;
    const float lo = rounding.clip * std::min(0.f, *std::min_element(x, x + count));
    const float hi = rounding.clip * std::max(0.f, *std::max_element(x, x + count));
    const auto levels = static_cast<float>((1 << bits_[r]) - 1);
    const float half = (levels - 1) / 2;
    const float range = rounding.symmetric ? std::max(-lo, hi) : hi - lo;
    const float scale = range < 0x1p-100f ? 1 : range / (rounding.symmetric ? half : levels);
    const float reciprocal = range < 0x1p-100f ? 0 : 1 / scale;
    const float zero = rounding.symmetric ? half + 1 : std::nearbyintf(-lo * reciprocal);
    ASSERT_EQ(tokens_.scales[i], scale) << "row " << r;
    ASSERT_EQ(tokens_.zeros[i], zero) << "row " << r;
    for (int c = 0; c < count; ++c) {
      const float code = std::nearbyintf(x[c] * reciprocal) + zero;
      ASSERT_EQ(tokens_.view.Rows(r, 1).codes[first + c], std::clamp(code, rounding.symmetric ? 1.f : 0.f, levels)) << "row " << r;
    }
  }
}

TEST_P(QuantizeTokensTest, AgreesWithTheReference) {
  Rows<float> back(kRows, GetParam().width);
  cpu::DequantizeTokens(tokens_.view, back.view());
  Rows<double> exact = x_.As<double>();
  reference::RoundTokens(exact.view(), bits_.data(), GetParam().groups, GetParam().rounding);
  EXPECT_LE(NormalisedError(back, exact), 1e-6);
  EXPECT_TRUE(back.MarksStand());
}

// What Theorem 1 needs: in its range no number moves by more than half a step; and zeros stay zeros.
TEST_P(QuantizeTokensTest, RoundsByHalfAStepAtMost) {
  const auto [width, groups, rounding] = GetParam();
  Rows<float> back(kRows, width);
  cpu::DequantizeTokens(tokens_.view, back.view());
  for (int i = 0; i < kRows * groups; ++i) {
    const int r = i / groups, first = i % groups * (width / groups), end = first + width / groups;
    const float lo = rounding.clip * *std::min_element(&x_.view().row(r)[first], &x_.view().row(r)[end]);
    const float hi = rounding.clip * *std::max_element(&x_.view().row(r)[first], &x_.view().row(r)[end]);
    for (int c = first; c < end; ++c) {
      const float x = x_.at(r, c);
      EXPECT_TRUE(x < lo || x > hi || std::abs(back.at(r, c) - x) <= 0.50001f * tokens_.scales[i]) << r << ", " << c;
      EXPECT_TRUE(x != 0 || back.at(r, c) == 0);
    }
  }
}

TEST_P(QuantizeTokensTest, RowsDoNotSeeEachOther) {
  const Rows<float>& x = x_;
  Tokens alone(1, GetParam().width, GetParam().groups);
  for (int r = 0; r < kRows; ++r) {
    TokenView<const float> row = x.view();
    row.data = row.row(r);
    row.rows = 1;
    cpu::QuantizeTokens(row, &bits_[r], GetParam().rounding, alone.view);
    EXPECT_TRUE(std::equal(alone.codes.begin(), alone.codes.end(), tokens_.view.Rows(r, 1).codes));
    EXPECT_TRUE(std::equal(alone.scales.begin(), alone.scales.end(), tokens_.view.Rows(r, 1).scales));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, QuantizeTokensTest,
                         ::testing::Values(Case{1, 1, {}}, Case{7, 1, {}}, Case{1152, 1, {}}, Case{192, 3, {}},
                                           Case{63, 1, {.symmetric = true}}, Case{128, 2, {.symmetric = true}},
                                           Case{70, 1, {.clip = 0.9f}}, Case{64, 1, {.symmetric = true, .clip = 0.75f}}),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return std::to_string(c.width) + "_groups" + std::to_string(c.groups) +
                                  (c.rounding.symmetric ? "_symmetric" : "") + (c.rounding.clip < 1 ? "_clipped" : "");
                         });

TEST(QuantizeTokensTest, WhatIsNotFinitePoisonsItsGroupAndNoOther) {
  constexpr float kBad[] = {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()};
  for (const float bad : kBad) {
    Rows<float> x(1, 128);
    x.Fill(Normal(1));
    x.view().row(0)[101] = bad;
    Tokens tokens(1, 128, 2);
    const std::uint8_t bits = 4;
    const Rows<float>& input = x;
    cpu::QuantizeTokens(input.view(), &bits, {}, tokens.view);
    EXPECT_TRUE(std::isfinite(tokens.scales[0]));
    EXPECT_TRUE(std::isnan(tokens.scales[1]));
    EXPECT_EQ(tokens.zeros[1], 0);
    EXPECT_TRUE(std::all_of(tokens.codes.begin() + 64, tokens.codes.end(), [](std::uint8_t code) { return code == 0; }));
  }
}

TEST(QuantizeTokensTest, TheLargestRangeOfFloatsIsNotFiniteEither) {
  Rows<float> x(1, 2);
  x.view().row(0)[0] = std::numeric_limits<float>::max();
  x.view().row(0)[1] = std::numeric_limits<float>::lowest();
  Tokens tokens(1, 2, 1);
  const std::uint8_t bits = 8;
  const Rows<float>& input = x;
  cpu::QuantizeTokens(input.view(), &bits, {}, tokens.view);
  Rows<float> back(1, 2);
  cpu::DequantizeTokens(tokens.view, back.view());
  EXPECT_FALSE(std::isfinite(back.at(0, 0)));
}

}  // namespace
}  // namespace stampd::kernels
