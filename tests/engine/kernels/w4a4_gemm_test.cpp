#include "engine/kernels/w4a4_gemm.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "tests/engine/kernels/rows.h"
#include "tests/engine/kernels/weights.h"

namespace stampd::kernels {
namespace {

using cpu::InstructionSet;
using stampd::testing::NormalisedError;
using stampd::testing::Rows;
using stampd::testing::Weights;

struct Case {
  int rows, outs, depth;
  int bits;  // of weights
  bool grouped_weights;
  int groups;  // of activations
};

// Codes of every value that the formats allow, whatever rounding would make of real numbers, in rows of 8 bits and of 4; and on
// every instruction set that this machine has.
class GemmTest : public ::testing::TestWithParam<std::tuple<Case, InstructionSet>> {
 protected:
  GemmTest() {
    const auto draw = [this](int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); };
    for (int i = 0; i < Shape().rows * Shape().depth; ++i) {
      tokens_.codes[i] = static_cast<std::uint8_t>(draw(0, i / Shape().depth % 3 == 0 ? 255 : 15));
    }
    for (std::uint8_t& zero : zeros_) zero = static_cast<std::uint8_t>(draw(0, 255));
    for (float& scale : scales_) scale = static_cast<float>(draw(1, 1000)) * 1e-3f;
    for (std::uint8_t& m : weight_.multipliers) m = static_cast<std::uint8_t>(draw(1, kMaxMultiplier));
    for (float& scale : weight_.scales) scale = static_cast<float>(draw(1, 1000)) * 1e-4f;
    for (std::uint8_t& code : weight_.codes) {
      code = static_cast<std::uint8_t>(Shape().bits == 8 ? draw(-127, 127) : (draw(-7, 7) & 15) | (draw(-7, 7) & 15) << 4);
    }
    cpu::SumWeights(weight_.view, Shape().groups, sums_.data());
  }

  static Case Shape() { return std::get<Case>(GetParam()); }
  static InstructionSet Set() { return std::get<InstructionSet>(GetParam()); }

  Rows<float> Product(InstructionSet set = Set()) {
    Rows<float> y(Shape().rows, Shape().outs);
    cpu::Multiply(tokens_, weight_.view, sums_.data(), {0, Shape().rows, 0, Shape().outs}, y.view(), set);
    return y;
  }

  // m q of element (o, k), from the storage's description.
  int Weight(int o, int k) const {
    const std::size_t at = static_cast<std::size_t>(o) * Shape().depth + k;
    if (Shape().bits == 8) return static_cast<std::int8_t>(weight_.codes[at]);
    const int nibble = weight_.codes[at / 2] >> (k % 2 * 4) & 15;
    const int q = nibble > 7 ? nibble - 16 : nibble;
    return Shape().grouped_weights ? q * weight_.multipliers[o * (Shape().depth / kWeightGroup) + k / kWeightGroup] : q;
  }

  std::mt19937 random_{13};
  std::vector<std::uint8_t> codes_ = std::vector<std::uint8_t>(1 + static_cast<std::size_t>(Shape().rows) * Shape().depth);
  std::vector<std::uint8_t> zeros_ = std::vector<std::uint8_t>(static_cast<std::size_t>(Shape().rows) * Shape().groups);
  std::vector<float> scales_ = std::vector<float>(zeros_.size());
  QuantizedTokens tokens_{codes_.data() + 1, scales_.data(), zeros_.data(), Shape().rows, Shape().depth, Shape().groups};
  Weights weight_{Shape().outs, Shape().depth, Shape().bits, Shape().grouped_weights};
  std::vector<std::int32_t> sums_ = std::vector<std::int32_t>(static_cast<std::size_t>(Shape().outs) * Shape().groups);
};

// Parts of any number of rows pass the same weights. Where results go later is left alone.
TEST_P(GemmTest, WeightsAreUnpackedOnceForAllRows) {
  Rows<float> y(Shape().rows, Shape().outs), later(Shape().rows, Shape().outs);
  const TokenView<float> to = later.view();
  const cpu::UnpackedWeights unpacked(weight_.view, sums_.data(), Shape().groups, Set());
  for (int row = 0, rows = 1; row < Shape().rows; row += rows, rows = std::min(2 * rows + 1, Shape().rows - row)) {
    unpacked.Multiply(tokens_.Rows(row, rows), {y.view().row(row), rows, Shape().outs, y.view().stride},
                      {to.row(row), to.stride * static_cast<std::ptrdiff_t>(sizeof(float)), sizeof(float)});
  }
  EXPECT_EQ(y, Product());
  EXPECT_EQ(later, Rows<float>(Shape().rows, Shape().outs));
  EXPECT_TRUE(y.MarksStand());
}

// The header's formula, with the sum of products in 64 bits.
TEST_P(GemmTest, IsTheFormulaBitForBit) {
  const auto [rows, outs, depth, bits, grouped, groups] = Shape();
  const Rows<float> y = Product();
  EXPECT_TRUE(y.MarksStand());
  for (int t = 0; t < rows; ++t) {
    for (int o = 0; o < outs; ++o) {
      float sum = 0;
      for (int g = 0; g < groups; ++g) {
        std::int64_t products = 0;
        for (int k = g * (depth / groups); k < (g + 1) * (depth / groups); ++k) {
          products += std::int64_t{tokens_.codes[t * depth + k] - zeros_[t * groups + g]} * Weight(o, k);
        }
        const float scaled = static_cast<float>(products) * scales_[t * groups + g];
        sum = g == 0 ? scaled : sum + scaled;
      }
      ASSERT_EQ(y.at(t, o), sum * weight_.scales[o]) << t << ", " << o;
    }
  }
}

TEST_P(GemmTest, AgreesWithTheReference) {
  Rows<double> exact(Shape().rows, Shape().outs);
  reference::Multiply(tokens_, weight_.view, exact.view());
  EXPECT_LE(NormalisedError(Product(), exact), 3e-7);
}

TEST_P(GemmTest, InstructionSetsGiveTheSameBytes) { EXPECT_EQ(Product(), Product(InstructionSet::kSse2)); }

TEST_P(GemmTest, BlocksGiveTheSameBytes) {
  const Rows<float> whole = Product();
  Rows<float> parts(Shape().rows, Shape().outs);
  for (int row = 0; row < Shape().rows; row += 3) {
    for (int out = 0; out < Shape().outs; out += 5) {
      const GemmBlock block{row, std::min(3, Shape().rows - row), out, std::min(5, Shape().outs - out)};
      TokenView<float> y = parts.view();
      y.data = y.row(row) + out;
      y.rows = block.rows;
      y.width = block.outs;
      cpu::Multiply(tokens_, weight_.view, sums_.data(), block, y, Set());
    }
  }
  EXPECT_EQ(parts, whole);
}

TEST_P(GemmTest, DequantizedFactorsGiveTheSameProduct) {
  Rows<float> x(Shape().rows, Shape().depth);
  cpu::DequantizeTokens(tokens_, x.view());
  std::vector<float> w(static_cast<std::size_t>(Shape().outs) * Shape().depth);
  cpu::DequantizeWeights(weight_.view, w.data());
  Rows<double> product(Shape().rows, Shape().outs);
  for (int t = 0; t < Shape().rows; ++t) {
    for (int o = 0; o < Shape().outs; ++o) {
      for (int k = 0; k < Shape().depth; ++k) {
        product.view().row(t)[o] += static_cast<double>(x.at(t, k)) * w[static_cast<std::size_t>(o) * Shape().depth + k];
      }
    }
  }
  EXPECT_LE(NormalisedError(Product(), product), 1e-6);
}

std::string NameOf(const Case& c) {
  return std::to_string(c.rows) + "x" + std::to_string(c.outs) + "x" + std::to_string(c.depth) + "_int" + std::to_string(c.bits) +
         (c.grouped_weights ? "_grouped" : "") + "_groups" + std::to_string(c.groups);
}

// Below, at and above the kernels' tiles and panels; the networks' depths, and odd ones; groups of tokens that end within a panel's
// step and within a group of weights.
INSTANTIATE_TEST_SUITE_P(
    Cases, GemmTest,
    ::testing::Combine(::testing::Values(Case{1, 1, 2, 4, false, 1}, Case{1, 3, 1, 8, false, 1}, Case{5, 7, 70, 4, false, 1},
                                         Case{67, 17, 192, 4, false, 1}, Case{64, 16, 192, 8, false, 1},
                                         Case{66, 33, 1152, 4, true, 1}, Case{9, 18, 192, 4, true, 3},
                                         Case{12, 5, 128, 8, false, 2}, Case{3, 2, 4608, 4, false, 72},
                                         Case{7, 9, 2245, 8, false, 1}, Case{13, 32, 33, 8, false, 1},
                                         Case{25, 65, 98, 4, false, 1}, Case{11, 31, 200, 4, false, 5},
                                         Case{8, 34, 192, 4, true, 2}, Case{10, 40, 320, 4, true, 8}, Case{6, 15, 56, 8, false, 7},
                                         Case{4, 64, 64, 4, true, 8}),
                       ::testing::ValuesIn(cpu::RunnableInstructionSets().begin(), cpu::RunnableInstructionSets().end())),
    [](const auto& info) { return NameOf(std::get<Case>(info.param)) + "_" + cpu::Name(std::get<InstructionSet>(info.param)); });

// The deepest product of the largest codes, whose sum has no room left in 32 bits.
class GemmLimitTest : public ::testing::TestWithParam<InstructionSet> {
 protected:
  static constexpr int kRows = 13, kOuts = 33;

  // Every element of the product where all codes, zeros and weights are the same.
  static std::vector<float> Product(std::uint8_t code, std::uint8_t zero, const Weights& weight) {
    std::vector<std::uint8_t> codes(std::size_t{kRows} * kMaxGemmDepth, code), zeros(kRows, zero);
    std::vector<float> scales(kRows, 1), y(std::size_t{kRows} * kOuts);
    std::vector<std::int32_t> sums(kOuts);
    cpu::SumWeights(weight.view, 1, sums.data());
    const QuantizedTokens tokens{codes.data(), scales.data(), zeros.data(), kRows, kMaxGemmDepth, 1};
    cpu::Multiply(tokens, weight.view, sums.data(), {0, kRows, 0, kOuts}, {y.data(), kRows, kOuts, kOuts}, GetParam());
    return y;
  }
};

TEST_P(GemmLimitTest, DoesNotOverflow) {
  for (const int q : {-127, 127}) {
    Weights weight(kOuts, kMaxGemmDepth, 8);
    std::fill(weight.codes.begin(), weight.codes.end(), static_cast<std::uint8_t>(q));
    std::fill(weight.scales.begin(), weight.scales.end(), 1.f);
    const float limit = 255.f * static_cast<float>(q) * kMaxGemmDepth;
    EXPECT_THAT(Product(255, 0, weight), ::testing::Each(limit));
    EXPECT_THAT(Product(0, 255, weight), ::testing::Each(-limit));
    EXPECT_THAT(Product(255, 255, weight), ::testing::Each(0.f));
  }
}

TEST_P(GemmLimitTest, DoesNotOverflowWithMultipliers) {
  for (const int q : {-7, 7}) {
    Weights weight(kOuts, kMaxGemmDepth, 4, true);
    std::fill(weight.codes.begin(), weight.codes.end(), static_cast<std::uint8_t>((q & 15) * 0x11));
    std::fill(weight.multipliers.begin(), weight.multipliers.end(), kMaxMultiplier);
    std::fill(weight.scales.begin(), weight.scales.end(), 1.f);
    const float limit = 255.f * static_cast<float>(q) * kMaxMultiplier * kMaxGemmDepth;
    EXPECT_THAT(Product(255, 0, weight), ::testing::Each(limit));
    EXPECT_THAT(Product(0, 255, weight), ::testing::Each(-limit));
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, GemmLimitTest,
                         ::testing::ValuesIn(cpu::RunnableInstructionSets().begin(), cpu::RunnableInstructionSets().end()),
                         [](const auto& info) { return std::string(cpu::Name(info.param)); });

}  // namespace
}  // namespace stampd::kernels
