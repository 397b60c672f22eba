#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/token_layout.h"
#include "engine/kernels/feature_transform.h"
#include "engine/kernels/instruction_set.h"
#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "engine/kernels/sequence_transform.h"
#include "tests/engine/kernels/rows.h"
#include "tests/engine/kernels/weights.h"

// Kernels other than the product, of which w4a4_gemm_test.cpp says it: every instruction set that this machine has gives the bytes
// of SSE2. That those of the best one are right is what each kernel's own test says.

namespace stampd::kernels {
namespace {

using cpu::InstructionSet;
using stampd::testing::Normal;
using stampd::testing::Rows;
using stampd::testing::Weights;

constexpr int kWidths[] = {1, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 192, 1152};

class InstructionSetTest : public ::testing::TestWithParam<InstructionSet> {};

// Whether the floats are the same to the bit, zeros' signs included.
bool Same(const Rows<float>& a, const Rows<float>& b) {
  for (int r = 0; r < a.rows(); ++r) {
    if (std::memcmp(a.view().row(r), b.view().row(r), sizeof(float) * static_cast<std::size_t>(a.width())) != 0) return false;
  }
  return a.MarksStand() && b.MarksStand();
}

Rows<float> Drawn(int rows, int width) {
  Rows<float> x(rows, width);
  x.Fill(Normal(static_cast<unsigned>(width)));
  return x;
}

std::vector<std::uint8_t> Quantized(const Rows<float>& x, TokenRounding rounding, InstructionSet set) {
  const auto rows = static_cast<std::size_t>(x.rows()), width = static_cast<std::size_t>(x.width());
  std::vector<std::uint8_t> all(rows * width + rows), bits(rows);
  std::vector<float> scales(rows);
  for (std::size_t r = 0; r < rows; ++r) bits[r] = r % 2 == 0 ? 4 : 8;
  cpu::QuantizeTokens(x.view(), bits.data(), rounding,
                      {all.data(), scales.data(), all.data() + rows * width, x.rows(), x.width(), 1}, set);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(scales.data());
  all.insert(all.end(), bytes, bytes + rows * sizeof(float));
  return all;
}

TEST_P(InstructionSetTest, QuantizesTokensAlike) {
  for (const int width : kWidths) {
    Rows<float> x = Drawn(6, width);
    x.view().row(3)[width / 2] = std::numeric_limits<float>::infinity();
    x.view().row(4)[width - 1] = std::numeric_limits<float>::quiet_NaN();
    for (const TokenRounding rounding : {TokenRounding{}, TokenRounding{.symmetric = true, .clip = 0.9f}}) {
      EXPECT_EQ(Quantized(x, rounding, GetParam()), Quantized(x, rounding, InstructionSet::kSse2)) << width;
    }
  }
}

TEST_P(InstructionSetTest, TransformsTokensAlike) {
  const Tile tile{.first_row = 1, .side = 8};
  for (const SequenceTransform kind :
       {SequenceTransform::kHaar1d, SequenceTransform::kHaar2d, SequenceTransform::kDct, SequenceTransform::kWht}) {
    for (const int width : kWidths) {
      Rows<float> x = Drawn(66, width), expected = x;
      cpu::ForwardAlongTokens(x.view(), {&tile, 1}, {kind}, GetParam());
      cpu::ForwardAlongTokens(expected.view(), {&tile, 1}, {kind}, InstructionSet::kSse2);
      EXPECT_TRUE(Same(x, expected)) << width;
      cpu::InverseAlongTokens(x.view(), {&tile, 1}, {kind}, GetParam());
      cpu::InverseAlongTokens(expected.view(), {&tile, 1}, {kind}, InstructionSet::kSse2);
      EXPECT_TRUE(Same(x, expected)) << width;
    }
  }
}

TEST_P(InstructionSetTest, TransformsFeaturesAlike) {
  for (int block = 1; block <= 1024; block *= 2) {
    const Rows<float> factors = Drawn(1, 3 * block);
    Rows<float> x = Drawn(5, 3 * block), expected = x;
    cpu::TransformFeatures(x.view(), {factors.view().data, block}, GetParam());
    cpu::TransformFeatures(expected.view(), {factors.view().data, block}, InstructionSet::kSse2);
    EXPECT_TRUE(Same(x, expected)) << block;
  }
  for (const int width : kWidths) {
    const Rows<float> factors = Drawn(1, width);
    Rows<float> x = Drawn(5, width), expected = x;
    cpu::TransformFeatures(x.view(), {factors.view().data, 0}, GetParam());
    cpu::TransformFeatures(expected.view(), {factors.view().data, 0}, InstructionSet::kSse2);
    EXPECT_TRUE(Same(x, expected)) << width;
  }
}

TEST_P(InstructionSetTest, RoundsWeightsAlike) {
  struct Case {
    int width, bits;
    bool grouped;
  };
  for (const auto [width, bits, grouped] : {Case{1, 8, false}, Case{2, 4, false}, Case{13, 8, false}, Case{30, 4, false},
                                            Case{250, 4, false}, Case{64, 4, true}, Case{1152, 4, true}, Case{1152, 8, false}}) {
    for (const WeightRounding rounding : {WeightRounding::kNearest, WeightRounding::kMseClip}) {
      std::vector<float> values(static_cast<std::size_t>(width) * 9);
      std::generate(values.begin(), values.end(), Normal(3));
      Weights found(9, width, bits, grouped), expected(9, width, bits, grouped);
      cpu::RoundWeights(values.data(), rounding, found.view, GetParam());
      cpu::RoundWeights(values.data(), rounding, expected.view, InstructionSet::kSse2);
      EXPECT_EQ(found.codes, expected.codes) << width;
      EXPECT_EQ(found.scales, expected.scales) << width;
      EXPECT_EQ(found.multipliers, expected.multipliers) << width;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, InstructionSetTest,
                         ::testing::ValuesIn(cpu::RunnableInstructionSets().begin(), cpu::RunnableInstructionSets().end()),
                         [](const auto& info) { return std::string(cpu::Name(info.param)); });

}  // namespace
}  // namespace stampd::kernels
