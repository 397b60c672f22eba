#include "engine/kernels/round_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/kernels/rows.h"
#include "tests/engine/kernels/weights.h"

namespace stampd::kernels {
namespace {

using stampd::testing::Normal;
using stampd::testing::Weights;

struct Case {
  int in;
  int bits;
  bool grouped;
  bool outlier;  // a weight twenty times as large as the others
};

std::vector<double> Doubled(const std::vector<float>& values) { return {values.begin(), values.end()}; }

class RoundWeightsTest : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int kOut = 6;

  RoundWeightsTest() {
    Normal draw(4, 0.02);
    for (float& w : weight_) w = static_cast<float>(draw());
    std::fill_n(weight_.begin() + 2 * GetParam().in, GetParam().in, 0.f);
    if (GetParam().outlier) {
      for (int o = 0; o < kOut; ++o) weight_[o * GetParam().in + GetParam().in / 3] = 0.4f;
    }
  }

  // What the kernel's codes stand for.
  std::vector<float> Rounded(WeightRounding rounding) {
    cpu::RoundWeights(weight_.data(), rounding, rounded_.view);
    std::vector<float> back(weight_.size());
    cpu::DequantizeWeights(rounded_.view, back.data());
    return back;
  }

  template <typename T>
  double Error(const std::vector<T>& rounded, int o) const {
    double error = 0;
    for (int k = 0; k < GetParam().in; ++k) {
      const int i = o * GetParam().in + k;
      error += std::pow(static_cast<double>(weight_[i]) - static_cast<double>(rounded[i]), 2);
    }
    return error;
  }

  std::vector<float> weight_ = std::vector<float>(static_cast<std::size_t>(kOut) * GetParam().in);
  Weights rounded_{kOut, GetParam().in, GetParam().bits, GetParam().grouped};
};

TEST_P(RoundWeightsTest, ErrsAsMuchAsTheReference) {
  for (const WeightRounding rounding : {WeightRounding::kNearest, WeightRounding::kMseClip}) {
    const std::vector<float> found = Rounded(rounding);
    std::vector<double> expected = Doubled(weight_);
    reference::RoundWeights({expected.data(), kOut, GetParam().in, GetParam().in}, GetParam().bits, GetParam().grouped, rounding);
    for (int o = 0; o < kOut; ++o) {
      // Numbers half-way between two codes may go either way, which costs nothing.
      EXPECT_NEAR(Error(found, o), Error(expected, o), 1e-4 * Error(expected, o)) << "row " << o;
    }
  }
}

TEST_P(RoundWeightsTest, SearchIsNeverWorseThanNone) {
  const std::vector<float> nearest = Rounded(WeightRounding::kNearest);
  const std::vector<float> best = Rounded(WeightRounding::kMseClip);
  double error_nearest = 0, error_best = 0;
  for (int o = 0; o < kOut; ++o) {
    EXPECT_LE(Error(best, o), Error(nearest, o) * (1 + 1e-6)) << "row " << o;
    error_nearest += Error(nearest, o);
    error_best += Error(best, o);
  }
  if (GetParam().bits == 4 && GetParam().in > 8) {
    EXPECT_LT(error_best, 0.95 * error_nearest);
  }
}

TEST_P(RoundWeightsTest, WithoutSearchNothingMovesByMoreThanHalfAStep) {
  const std::vector<float> found = Rounded(WeightRounding::kNearest);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t o = i / GetParam().in, k = i % GetParam().in;
    const int m = GetParam().grouped ? rounded_.multipliers[o * (GetParam().in / kWeightGroup) + k / kWeightGroup] : 1;
    EXPECT_LE(std::abs(found[i] - weight_[i]), 0.50001f * rounded_.scales[o] * static_cast<float>(m));
  }
}

TEST_P(RoundWeightsTest, StaysInItsRange) {
  Rounded(WeightRounding::kMseClip);
  for (const std::uint8_t m : rounded_.multipliers) {
    EXPECT_GE(m, 1);
    EXPECT_LE(m, kMaxMultiplier);
  }
  for (const std::uint8_t code : rounded_.codes) {
    if (GetParam().bits == 8) {
      EXPECT_NE(code, 0x80);
    } else {
      EXPECT_NE(code & 15, 8);
      EXPECT_NE(code >> 4, 8);
    }
  }
}

TEST_P(RoundWeightsTest, RowsDoNotSeeEachOther) {
  Rounded(WeightRounding::kMseClip);
  Weights parts(kOut, GetParam().in, GetParam().bits, GetParam().grouped);
  for (const auto& [first, count] : {std::pair{0, 1}, std::pair{1, 4}, std::pair{5, 1}}) {
    cpu::RoundWeights(weight_.data() + static_cast<std::ptrdiff_t>(first) * GetParam().in, WeightRounding::kMseClip,
                      parts.view.Rows(first, count));
  }
  EXPECT_EQ(parts.codes, rounded_.codes);
  EXPECT_EQ(parts.scales, rounded_.scales);
  EXPECT_EQ(parts.multipliers, rounded_.multipliers);
}

TEST_P(RoundWeightsTest, ZerosStayZerosOfScaleOne) {
  const std::vector<float> found = Rounded(WeightRounding::kMseClip);
  EXPECT_EQ(rounded_.scales[2], GetParam().outlier ? rounded_.scales[2] : 1);
  for (int k = 0; k < GetParam().in; ++k) {
    if (weight_[2 * GetParam().in + k] == 0) {
      EXPECT_EQ(found[2 * GetParam().in + k], 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, RoundWeightsTest,
                         ::testing::Values(Case{2, 4, false, false}, Case{3, 8, false, false}, Case{70, 4, false, false},
                                           Case{1152, 4, false, false}, Case{1152, 4, false, true}, Case{1151, 8, false, true},
                                           Case{64, 4, true, false}, Case{448, 4, true, false}, Case{448, 4, true, true}),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return std::to_string(c.in) + "_int" + std::to_string(c.bits) + (c.grouped ? "_grouped" : "") +
                                  (c.outlier ? "_outlier" : "");
                         });

TEST(WeightStorageTest, WhatIsNotFinitePoisonsItsRowAndNoOther) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const float weight[] = {1, 2, bad, 3, 4, 5};
    Weights rounded(3, 2, 4);
    cpu::RoundWeights(weight, WeightRounding::kMseClip, rounded.view);
    EXPECT_TRUE(std::isfinite(rounded.scales[0]));
    EXPECT_TRUE(std::isnan(rounded.scales[1]));
    EXPECT_EQ(rounded.codes[1], 0);
    EXPECT_TRUE(std::isfinite(rounded.scales[2]));
  }
}

TEST(WeightStorageTest, NibblesAreTwosComplementWithTheEvenOneLow) {
  const float weight[] = {7, -7, 1, -1, 0, 3};
  Weights rounded(1, 6, 4);
  cpu::RoundWeights(weight, WeightRounding::kNearest, rounded.view);
  EXPECT_EQ(rounded.scales[0], 1);
  EXPECT_EQ(rounded.codes, (std::vector<std::uint8_t>{0x97, 0xf1, 0x30}));
}

TEST(WeightStorageTest, BytesAreTwosComplement) {
  const float weight[] = {127, -127, -1};
  Weights rounded(1, 3, 8);
  cpu::RoundWeights(weight, WeightRounding::kNearest, rounded.view);
  EXPECT_EQ(rounded.codes, (std::vector<std::uint8_t>{0x7f, 0x81, 0xff}));
}

TEST(WeightStorageTest, GroupsShareTheRowsScaleThroughWholeMultipliers) {
  std::vector<float> weight(128, 0.f);
  weight[0] = 126;   // 18 * 7
  weight[64] = -35;  // 5 * 7
  Weights rounded(1, 128, 4, true);
  cpu::RoundWeights(weight.data(), WeightRounding::kNearest, rounded.view);
  EXPECT_EQ(rounded.scales[0], 1);
  EXPECT_EQ(rounded.multipliers, (std::vector<std::uint8_t>{18, 5}));
  std::vector<float> back(weight.size());
  cpu::DequantizeWeights(rounded.view, back.data());
  EXPECT_EQ(back, weight);
}

}  // namespace
}  // namespace stampd::kernels
