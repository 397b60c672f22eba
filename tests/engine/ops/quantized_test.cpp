#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/kernels/w4a4_gemm.h"
#include "engine/ops/quantized_tokens.h"
#include "engine/ops/quantized_weight.h"
#include "engine/ops/stamp_product.h"
#include "tests/engine/ops/packed_grids.h"
#include "tests/golden.h"
#include "tests/threads.h"

// The steps of a STaMP linear on packs, against the reference kernels.

namespace stampd::ops {
namespace {

using kernels::FeatureTransform;
using kernels::SequenceTransform;
using kernels::TileTransform;
using kernels::TokenRounding;
using kernels::WeightRounding;
using stampd::testing::DoubleView;
using stampd::testing::DrawTokens;
using stampd::testing::ExpectClose;
using stampd::testing::PackedGrids;
using stampd::testing::RelativeError;
using stampd::testing::Threads;

// `compute` gives the same bytes on any number of threads.
void ExpectSameOnAnyThreads(const std::function<std::vector<torch::Tensor>()>& compute) {
  const std::vector<torch::Tensor> expected = compute();
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    const std::vector<torch::Tensor> found = compute();
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_TRUE(at::equal(found[i], expected[i])) << count << " threads, result " << i;
  }
}

std::vector<torch::Tensor> Parts(const QuantizedTokens& x) { return {x.codes, x.scales, x.zeros}; }
std::vector<torch::Tensor> Parts(const QuantizedWeight& w) {
  std::vector<torch::Tensor> parts = {w.codes, w.scales};
  if (w.multipliers.defined()) parts.push_back(w.multipliers);
  return parts;
}

// Rounding alone, without transforms.
TokenSteps Plain(const TokenRounding& rounding, int groups) {
  return {.features = {nullptr, 1}, .tiles = {SequenceTransform::kNone}, .rounding = rounding, .groups = groups};
}

// Tiles that divide their grid and tiles that do not, of several sides in one pack.
class PackTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kWidth = 96;

  PackTest() { at::manual_seed(41); }

  PackedGrids grids_ = {{{16, 8}, 8}, {{11, 9}, 4}, {{1, 3}, 8}, {{13, 21}, 8}, {{8, 12}, 4}};
  torch::Tensor x_ = DrawTokens(grids_.tokens(), kWidth);
};

TEST_F(PackTest, FeaturesAreTransformedAsTheReferenceDoes) {
  const torch::Tensor factors = at::randn({kWidth}).exp();
  for (const float* const scale : {static_cast<const float*>(nullptr), factors.const_data_ptr<float>()}) {
    for (const int block : {1, 2, 32}) {
      torch::Tensor expected = x_.to(torch::kFloat64);
      kernels::reference::TransformFeatures(DoubleView(expected), {scale, block});
      const auto transform = [&] {
        torch::Tensor y = x_.clone();
        TransformFeatures(y, {scale, block});
        return std::vector{y};
      };
      ExpectClose(transform().front(), expected, 3e-7);
      ExpectSameOnAnyThreads(transform);
    }
  }
}

class SequenceTest : public PackTest, public ::testing::WithParamInterface<TileTransform> {};

TEST_P(SequenceTest, EachSegmentIsTransformedInItsOwnTiles) {
  torch::Tensor forward = x_.to(torch::kFloat64), inverse = forward.clone();
  for (const Segment& segment : grids_.segments()) {
    kernels::reference::ForwardAlongTokens(DoubleView(RowsOf(forward, segment)), segment.layout->tiles(), GetParam());
    kernels::reference::InverseAlongTokens(DoubleView(RowsOf(inverse, segment)), segment.layout->tiles(), GetParam());
  }
  const auto transform = [&] {
    torch::Tensor y = x_.clone(), back = x_.clone();
    ForwardAlongTokens(y, grids_.segments(), GetParam());
    InverseAlongTokens(back, grids_.segments(), GetParam());
    return std::vector{y, back};
  };
  ExpectClose(transform()[0], forward, 3e-7);
  ExpectClose(transform()[1], inverse, 3e-7);
  ExpectSameOnAnyThreads(transform);
}

INSTANTIATE_TEST_SUITE_P(Transforms, SequenceTest,
                         ::testing::Values(TileTransform{SequenceTransform::kHaar2d}, TileTransform{SequenceTransform::kHaar2d, 1},
                                           TileTransform{SequenceTransform::kHaar1d}, TileTransform{SequenceTransform::kDct},
                                           TileTransform{SequenceTransform::kWht}),
                         [](const auto& info) {
                           return "transform" + std::to_string(static_cast<int>(info.param.kind)) + "_" +
                                  std::to_string(info.param.levels);
                         });

TEST_F(PackTest, NoTransformLeavesTokensAsTheyAre) {
  torch::Tensor y = x_.clone();
  ForwardAlongTokens(y, grids_.segments(), {SequenceTransform::kNone});
  InverseAlongTokens(y, grids_.segments(), {SequenceTransform::kNone});
  EXPECT_TRUE(at::equal(y, x_));
}

struct TokenCase {
  int groups;
  TokenRounding rounding;
};

class TokensTest : public PackTest, public ::testing::WithParamInterface<TokenCase> {
 protected:
  TokensTest() {
    for (std::size_t row = 0; row < bits_.size(); ++row) bits_[row] = static_cast<std::uint8_t>(row % 5 == 0 ? 8 : 4 - row % 2);
  }
  QuantizedTokens Quantize() const {
    return RoundTokens(x_, grids_.segments(), nullptr, bits_, Plain(GetParam().rounding, GetParam().groups));
  }

  std::vector<std::uint8_t> bits_ = std::vector<std::uint8_t>(static_cast<std::size_t>(grids_.tokens()));
};

// Numbers nearly half-way between two codes may go either way; there are few of them, and they are off by no more than one code.
TEST_P(TokensTest, TokensAreRoundedAsTheReferenceDoes) {
  torch::Tensor expected = x_.to(torch::kFloat64);
  kernels::reference::RoundTokens(DoubleView(expected), bits_.data(), GetParam().groups, GetParam().rounding);
  const QuantizedTokens tokens = Quantize();
  const torch::Tensor steps = tokens.scales.repeat_interleave(kWidth / GetParam().groups, 1);
  const torch::Tensor off = (Dequantize(tokens).to(torch::kFloat64) - expected).abs() / steps;
  EXPECT_LE(off.max().item<double>(), 1 + 1e-4);
  EXPECT_LE(off.gt(1e-4).sum().item<std::int64_t>(), x_.numel() / 10000);
  ExpectSameOnAnyThreads([&] { return Parts(Quantize()); });
}

TEST_P(TokensTest, CodesStayInTheirBits) {
  const QuantizedTokens tokens = Quantize();
  ASSERT_EQ(tokens.scales.sizes(), at::IntArrayRef({grids_.tokens(), GetParam().groups}));
  for (std::int64_t row = 0; row < grids_.tokens(); ++row) {
    EXPECT_LT(tokens.codes[row].max().item<int>(), 1 << bits_[static_cast<std::size_t>(row)]) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Roundings, TokensTest,
                         ::testing::Values(TokenCase{1, {}}, TokenCase{6, {}}, TokenCase{1, {.symmetric = true}},
                                           TokenCase{3, {.symmetric = true, .clip = 0.8f}}, TokenCase{1, {.clip = 0.9f}}));

struct WeightCase {
  std::int64_t out, in;
  int bits;
  bool grouped;
  WeightRounding rounding;
};

class WeightTest : public ::testing::TestWithParam<WeightCase> {
 protected:
  WeightTest() { at::manual_seed(43); }

  QuantizedWeight Round(const torch::Tensor& weight, const FeatureTransform& transform = {nullptr, 32}) const {
    return RoundWeight(weight, transform, GetParam().bits, GetParam().grouped, GetParam().rounding);
  }
  // m q, whole numbers, [out, in].
  torch::Tensor WholeNumbers(const QuantizedWeight& weight) const {
    return (Dequantize(weight).to(torch::kFloat64) / weight.scales.to(torch::kFloat64).unsqueeze(1)).round().to(torch::kInt64);
  }

  torch::Tensor weight_ = at::randn({GetParam().out, GetParam().in}) * 0.05;
};

// fp32 may choose the other one of two scales that are nearly as good, of a row or of a group: then its error is nearly the same.
TEST_P(WeightTest, IsRoundedAsTheReferenceDoes) {
  const torch::Tensor factors = at::randn({GetParam().in}).exp();
  const FeatureTransform transform{factors.data_ptr<float>(), 32};
  torch::Tensor exact = weight_.to(torch::kFloat64);
  kernels::reference::TransformFeatures(DoubleView(exact), transform);
  torch::Tensor expected = exact.clone();
  kernels::reference::RoundWeights(DoubleView(expected), GetParam().bits, GetParam().grouped, GetParam().rounding);
  const torch::Tensor found = Dequantize(Round(weight_, transform));
  const std::int64_t other_rows = (found - expected).abs().amax(1).gt(1e-5 * expected.abs().amax(1)).sum().item<std::int64_t>();
  EXPECT_LE(other_rows, GetParam().out / 20);
  EXPECT_NEAR(RelativeError(found, exact) / RelativeError(expected, exact), 1, 1e-3);
  ExpectSameOnAnyThreads([&] { return Parts(Round(weight_, transform)); });
}

TEST_P(WeightTest, ARowsResultDependsOnTheRowAlone) {
  const std::vector<torch::Tensor> whole = Parts(Round(weight_)), some = Parts(Round(weight_.narrow(0, 3, 20).clone()));
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(at::equal(some[i], whole[i].narrow(0, 3, 20))) << i;
}

TEST_P(WeightTest, HalfTypesAreWidenedFirst) {
  for (const torch::ScalarType dtype : {torch::kBFloat16, torch::kFloat16, torch::kFloat64}) {
    const torch::Tensor stored = weight_.to(dtype);
    const std::vector<torch::Tensor> found = Parts(Round(stored)), expected = Parts(Round(stored.to(torch::kFloat32)));
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(at::equal(found[i], expected[i])) << dtype;
  }
}

TEST_P(WeightTest, JoinedWeightsLieSideBySide) {
  const torch::Tensor other = at::randn({7, GetParam().in});
  const QuantizedWeight joined = Join({Round(weight_), Round(other), Round(weight_)});
  EXPECT_EQ(joined.out(), 2 * GetParam().out + 7);
  EXPECT_EQ(joined.in(), GetParam().in);
  const torch::Tensor expected = at::cat({Dequantize(Round(weight_)), Dequantize(Round(other)), Dequantize(Round(weight_))});
  EXPECT_TRUE(at::equal(Dequantize(joined), expected));
  EXPECT_EQ(Join({Round(other)}).resident_bytes(), Round(other).resident_bytes());
}

TEST_P(WeightTest, SumsAreThoseOfTheWholeNumbers) {
  const QuantizedWeight weight = Round(weight_);
  for (const int groups : {1, 2}) {
    const torch::Tensor expected = WholeNumbers(weight).reshape({GetParam().out, groups, -1}).sum(2);
    EXPECT_TRUE(at::equal(SumWeight(weight, groups).to(torch::kInt64), expected)) << groups;
  }
}

TEST_P(WeightTest, CountsTheBytesItHolds) {
  const std::int64_t out = GetParam().out, in = GetParam().in;
  EXPECT_EQ(Round(weight_).resident_bytes(), out * in * GetParam().bits / 8 + 4 * out + (GetParam().grouped ? out * in / 64 : 0));
}

// More rows and outputs than one task takes, and none of both divisible by its blocks.
TEST_P(WeightTest, ProductsAreTheReferences) {
  const QuantizedWeight weight = Round(weight_);
  std::vector<std::uint8_t> bits(301, 4);
  for (std::size_t row = 0; row < bits.size(); row += 7) bits[row] = 8;
  const torch::Tensor x = DrawTokens(301, GetParam().in);
  for (const int groups : {1, 2}) {
    const Segment whole = WholeOf(x);
    const QuantizedTokens tokens = RoundTokens(x, {&whole, 1}, nullptr, bits, Plain({}, groups));
    const torch::Tensor sums = SumWeight(weight, groups);
    const StampProduct product{tokens, weight, sums, {SequenceTransform::kNone}, /*bias=*/torch::Tensor()};
    torch::Tensor expected = at::empty({301, GetParam().out}, torch::kFloat64);
    kernels::reference::Multiply(tokens.view(), weight.view(), DoubleView(expected));
    const auto multiply = [&] { return std::vector{Multiply(product, {&whole, 1}, torch::kFloat32)}; };
    ExpectClose(multiply().front(), expected, 3e-7);
    ExpectClose(expected, Dequantize(tokens).to(torch::kFloat64).matmul(Dequantize(weight).to(torch::kFloat64).t()), 1e-6);
    ExpectSameOnAnyThreads(multiply);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, WeightTest,
                         ::testing::Values(WeightCase{150, 192, 4, false, WeightRounding::kMseClip},
                                           WeightCase{150, 192, 4, false, WeightRounding::kNearest},
                                           WeightCase{70, 128, 4, true, WeightRounding::kMseClip},
                                           WeightCase{70, 128, 4, true, WeightRounding::kNearest},
                                           WeightCase{64, 96, 8, false, WeightRounding::kMseClip},
                                           WeightCase{33, 160, 8, false, WeightRounding::kNearest}));

}  // namespace
}  // namespace stampd::ops
