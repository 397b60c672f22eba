#include "engine/kernels/w4a4_gemm.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "tests/engine/kernels/rows.h"
#include "tests/engine/kernels/weights.h"

namespace stampd::kernels {
namespace {

using stampd::testing::NormalisedError;
using stampd::testing::Rows;
using stampd::testing::Weights;

struct Case {
  int rows, outs, depth;
  int bits;  // of weights
  bool grouped_weights;
  int groups;  // of activations
};

// Codes of every value that the formats allow, whatever rounding would make of real numbers.
class GemmTest : public ::testing::TestWithParam<Case> {
 protected:
  GemmTest() {
    const auto draw = [this](int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); };
    for (std::uint8_t& code : codes_) code = static_cast<std::uint8_t>(draw(0, 255));
    for (std::uint8_t& zero : zeros_) zero = static_cast<std::uint8_t>(draw(0, 255));
    for (float& scale : scales_) scale = static_cast<float>(draw(1, 1000)) * 1e-3f;
    for (std::uint8_t& m : weight_.multipliers) m = static_cast<std::uint8_t>(draw(1, kMaxMultiplier));
    for (float& scale : weight_.scales) scale = static_cast<float>(draw(1, 1000)) * 1e-4f;
    for (std::uint8_t& code : weight_.codes) {
      code = static_cast<std::uint8_t>(GetParam().bits == 8 ? draw(-127, 127) : (draw(-7, 7) & 15) | (draw(-7, 7) & 15) << 4);
    }
    cpu::SumWeights(weight_.view, GetParam().groups, sums_.data());
  }

  Rows<float> Product() {
    Rows<float> y(GetParam().rows, GetParam().outs);
    cpu::Multiply(tokens_, weight_.view, sums_.data(), {0, GetParam().rows, 0, GetParam().outs}, y.view());
    return y;
  }

  // m q of element (o, k), from the storage's description.
  int Weight(int o, int k) const {
    const std::size_t at = static_cast<std::size_t>(o) * GetParam().depth + k;
    if (GetParam().bits == 8) return static_cast<std::int8_t>(weight_.codes[at]);
    const int nibble = weight_.codes[at / 2] >> (k % 2 * 4) & 15;
    const int q = nibble > 7 ? nibble - 16 : nibble;
    return GetParam().grouped_weights ? q * weight_.multipliers[o * (GetParam().depth / kWeightGroup) + k / kWeightGroup] : q;
  }

  std::mt19937 random_{13};
  std::vector<std::uint8_t> codes_ = std::vector<std::uint8_t>(static_cast<std::size_t>(GetParam().rows) * GetParam().depth);
  std::vector<std::uint8_t> zeros_ = std::vector<std::uint8_t>(static_cast<std::size_t>(GetParam().rows) * GetParam().groups);
  std::vector<float> scales_ = std::vector<float>(zeros_.size());
  QuantizedTokens tokens_{codes_.data(), scales_.data(), zeros_.data(), GetParam().rows, GetParam().depth, GetParam().groups};
  Weights weight_{GetParam().outs, GetParam().depth, GetParam().bits, GetParam().grouped_weights};
  std::vector<std::int32_t> sums_ = std::vector<std::int32_t>(static_cast<std::size_t>(GetParam().outs) * GetParam().groups);
};

// The header's formula, with the sum of products in 64 bits.
TEST_P(GemmTest, IsTheFormulaBitForBit) {
  const auto [rows, outs, depth, bits, grouped, groups] = GetParam();
  const Rows<float> y = Product();
  EXPECT_TRUE(y.MarksStand());
  for (int t = 0; t < rows; ++t) {
    for (int o = 0; o < outs; ++o) {
      float sum = 0;
      for (int g = 0; g < groups; ++g) {
        std::int64_t products = 0;
        for (int k = g * (depth / groups); k < (g + 1) * (depth / groups); ++k) {
          products += std::int64_t{codes_[static_cast<std::size_t>(t) * depth + k] - zeros_[t * groups + g]} * Weight(o, k);
        }
        const float scaled = static_cast<float>(products) * scales_[t * groups + g];
        sum = g == 0 ? scaled : sum + scaled;
      }
      ASSERT_EQ(y.at(t, o), sum * weight_.scales[o]) << t << ", " << o;
    }
  }
}

TEST_P(GemmTest, AgreesWithTheReference) {
  Rows<double> exact(GetParam().rows, GetParam().outs);
  reference::Multiply(tokens_, weight_.view, exact.view());
  EXPECT_LE(NormalisedError(Product(), exact), 3e-7);
}

TEST_P(GemmTest, BlocksGiveTheSameBytes) {
  const Rows<float> whole = Product();
  Rows<float> parts(GetParam().rows, GetParam().outs);
  for (int row = 0; row < GetParam().rows; row += 3) {
    for (int out = 0; out < GetParam().outs; out += 5) {
      const GemmBlock block{row, std::min(3, GetParam().rows - row), out, std::min(5, GetParam().outs - out)};
      TokenView<float> y = parts.view();
      y.data = y.row(row) + out;
      y.rows = block.rows;
      y.width = block.outs;
      cpu::Multiply(tokens_, weight_.view, sums_.data(), block, y);
    }
  }
  EXPECT_EQ(parts, whole);
}

TEST_P(GemmTest, DequantizedFactorsGiveTheSameProduct) {
  Rows<float> x(GetParam().rows, GetParam().depth);
  cpu::DequantizeTokens(tokens_, x.view());
  std::vector<float> w(static_cast<std::size_t>(GetParam().outs) * GetParam().depth);
  cpu::DequantizeWeights(weight_.view, w.data());
  Rows<double> product(GetParam().rows, GetParam().outs);
  for (int t = 0; t < GetParam().rows; ++t) {
    for (int o = 0; o < GetParam().outs; ++o) {
      for (int k = 0; k < GetParam().depth; ++k) {
        product.view().row(t)[o] += static_cast<double>(x.at(t, k)) * w[static_cast<std::size_t>(o) * GetParam().depth + k];
      }
    }
  }
  EXPECT_LE(NormalisedError(Product(), product), 1e-6);
}

// Below, at and above the kernel's blocks; the networks' depths, and odd ones.
INSTANTIATE_TEST_SUITE_P(Cases, GemmTest,
                         ::testing::Values(Case{1, 1, 2, 4, false, 1}, Case{1, 3, 1, 8, false, 1}, Case{5, 7, 70, 4, false, 1},
                                           Case{67, 17, 192, 4, false, 1}, Case{64, 16, 192, 8, false, 1},
                                           Case{66, 33, 1152, 4, true, 1}, Case{9, 18, 192, 4, true, 3},
                                           Case{12, 5, 128, 8, false, 2}, Case{3, 2, 4608, 4, false, 72},
                                           Case{7, 9, 2245, 8, false, 1}),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return std::to_string(c.rows) + "x" + std::to_string(c.outs) + "x" + std::to_string(c.depth) + "_int" +
                                  std::to_string(c.bits) + (c.grouped_weights ? "_grouped" : "") + "_groups" +
                                  std::to_string(c.groups);
                         });

TEST(GemmLimitTest, TheDeepestProductOfTheLargestCodesDoesNotOverflow) {
  std::vector<std::uint8_t> codes(kMaxGemmDepth, 255);
  std::uint8_t zero = 0;
  float scale = 1;
  const QuantizedTokens tokens{codes.data(), &scale, &zero, 1, kMaxGemmDepth, 1};
  Weights weight(1, kMaxGemmDepth, 8);
  std::fill(weight.codes.begin(), weight.codes.end(), std::uint8_t{0x81});
  weight.scales[0] = 1;
  std::int32_t sum = 0;
  cpu::SumWeights(weight.view, 1, &sum);
  float y = 0;
  cpu::Multiply(tokens, weight.view, &sum, {0, 1, 0, 1}, {&y, 1, 1, 1});
  EXPECT_EQ(y, -255.f * 127 * kMaxGemmDepth);
}

}  // namespace
}  // namespace stampd::kernels
