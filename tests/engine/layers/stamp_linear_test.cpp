#include "engine/layers/stamp_linear.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/quant/presets.h"
#include "tests/engine/layers/reference_stamp.h"
#include "tests/engine/ops/packed_grids.h"
#include "tests/expect_broken.h"
#include "tests/threads.h"

namespace stampd::layers {
namespace {

using kernels::SequenceTransform;
using ops::Activation;
using quant::HighTokenRule;
using quant::LinearRecipe;
using quant::TokenControl;
using stampd::testing::DrawTokens;
using stampd::testing::ExpectBroken;
using stampd::testing::PackedGrids;
using stampd::testing::ReferenceProduct;
using stampd::testing::ReferenceWeight;
using stampd::testing::SqnrDb;
using stampd::testing::Threads;

constexpr std::int64_t kIn = 192, kOut = 80;

// fp32's rounding of sums leaves some 140 dB. A single number so near to the middle of two codes that fp32 takes the other one
// costs more: 85 dB are left at 8 bits, some 60 at 4.
constexpr double kSameDb = 50;

LinearRecipe PresetLinear(const char* name) { return quant::Preset(name).linear; }

// One layer's weights and tokens, the same in every test.
class Layer {
 public:
  explicit Layer(const LinearRecipe& recipe, bool smooths = false) : recipe_(recipe) {
    at::manual_seed(21);
    x = DrawTokens(grids.tokens(), kIn);
    weight = at::randn({kOut, kIn}) * 0.05;
    bias = at::randn({kOut});
    if (smooths) smooth_scales = at::randn({kIn}).exp();
  }

  StampLinear Linear() const {
    const kernels::FeatureTransform transform{.factors = smooth_scales.defined() ? smooth_scales.data_ptr<float>() : nullptr,
                                              .hadamard_block = recipe_.hadamard_block};
    return StampLinear(recipe_,
                       ops::RoundWeight(weight, transform, recipe_.weight_bits, recipe_.weight_group != 0, recipe_.weight_rounding),
                       bias, smooth_scales);
  }

  torch::Tensor Forward() const { return Linear().Forward(x, grids.segments(), Activation::kNone); }
  torch::Tensor Dense() const { return at::linear(x.to(torch::kFloat64), weight.to(torch::kFloat64), bias.to(torch::kFloat64)); }
  torch::Tensor Reference() const {
    const torch::Tensor v = ReferenceWeight(recipe_, weight, smooth_scales);
    return ReferenceProduct(recipe_, x, grids.segments(), v, smooth_scales) + bias.to(torch::kFloat64);
  }

  // Tiles that divide the grid, edges of smaller tiles, and a picture of a single token; more rows than one task multiplies.
  PackedGrids grids = {{{11, 9}, 4}, {{16, 24}, 8}, {{1, 1}, 8}, {{13, 21}, 8}, {{8, 8}, 2}};
  torch::Tensor x, weight, bias, smooth_scales;

 private:
  LinearRecipe recipe_;
};

struct Case {
  std::string name;
  LinearRecipe recipe;
  bool smooths = false;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

LinearRecipe MeanOnly() {
  return {.high_rule = HighTokenRule::kNone, .sequence_transform = SequenceTransform::kNone, .control = TokenControl::kMean};
}

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"stamp_w4a4", PresetLinear("stamp-w4a4")},
      {"stamp_w4a8", PresetLinear("stamp-w4a8")},
      {"rtn_w4a4", PresetLinear("rtn-w4a4")},
      {"w8a8", PresetLinear("w8a8")},
      {"paper", PresetLinear("paper")},
      {"haar1d", {.sequence_transform = SequenceTransform::kHaar1d}},
      {"dct", {.sequence_transform = SequenceTransform::kDct}},
      {"wht", {.sequence_transform = SequenceTransform::kWht}},
      {"two_levels", {.levels = 2}},
      {"symmetric_clipped", {.activation_symmetric = true, .activation_clip = 0.9}},
      {"weight_groups", {.weight_group = 64}},
      {"activation_groups", {.activation_group = 64, .hadamard_block = 32}},
      {"first_tokens", {.high_rule = HighTokenRule::kFirst, .high_count = 40, .high_bits = 6}},
      {"smooth", {.hadamard_block = 0, .smooth_alpha = 0.5}, true},
      {"smooth_hadamard", {.weight_bits = 8, .activation_bits = 8, .smooth_alpha = 0.5}, true},
  };
  return cases;
}

std::vector<Case> WithControls() {
  std::vector<Case> cases = Cases();
  cases.push_back({"shuffled", {.control = TokenControl::kShuffled}});
  cases.push_back({"mean_only", MeanOnly()});
  return cases;
}

class StampLinearTableTest : public ::testing::TestWithParam<Case> {
 protected:
  Layer layer_{GetParam().recipe, GetParam().smooths};
};

// What is left is fp32's rounding of sums, and here and there a number so near to the middle of two codes that fp32 takes the
// other.
TEST_P(StampLinearTableTest, ComputesWhatTheReferencesCompute) {
  const torch::Tensor expected = layer_.Reference();
  EXPECT_GT(SqnrDb(layer_.Forward(), expected), kSameDb);
  const torch::Tensor activated = layer_.Linear().Forward(layer_.x, layer_.grids.segments(), Activation::kGeluTanh);
  EXPECT_GT(SqnrDb(activated, at::gelu(expected, "tanh")), kSameDb);
}

void ExpectSegmentsAlone(const StampLinear& linear, const torch::Tensor& x, ops::Segments segments, Activation activation) {
  const torch::Tensor packed = linear.Forward(x, segments, activation);
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    EXPECT_TRUE(at::equal(linear.Forward(x, segments, activation), packed)) << count << " threads";
    for (const ops::Segment& segment : segments) {
      const ops::Segment alone{0, segment.tokens, segment.layout};
      const torch::Tensor y = linear.Forward(ops::RowsOf(x, segment).clone(), {&alone, 1}, activation);
      EXPECT_TRUE(at::equal(y, ops::RowsOf(packed, segment))) << count << " threads, from row " << segment.first;
    }
  }
}

TEST_P(StampLinearTableTest, ASegmentsRowsDependOnNothingElse) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    for (const Activation activation : {Activation::kNone, Activation::kGeluTanh}) {
      ExpectSegmentsAlone(layer_.Linear(), layer_.x.to(dtype), layer_.grids.segments(), activation);
    }
  }
}

TEST_P(StampLinearTableTest, HalfTypesAreRoundedOnceAtTheEnd) {
  const StampLinear linear = layer_.Linear();
  for (const torch::ScalarType dtype : {torch::kBFloat16, torch::kFloat16}) {
    const torch::Tensor x = layer_.x.to(dtype);
    const torch::Tensor wide = linear.Forward(x.to(torch::kFloat32), layer_.grids.segments(), Activation::kGeluTanh);
    EXPECT_TRUE(at::equal(linear.Forward(x, layer_.grids.segments(), Activation::kGeluTanh), wide.to(dtype)));
  }
}

TEST_P(StampLinearTableTest, NormsAndAddsAsIfOneAfterTheOther) {
  const StampLinear linear = layer_.Linear();
  const ops::Segments segments = layer_.grids.segments();
  const auto count = static_cast<std::int64_t>(segments.size());
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16, torch::kFloat16}) {
    const auto draw = [&](std::int64_t rows, std::int64_t width) { return at::randn({rows, width}).to(dtype); };
    const torch::Tensor x = layer_.x.to(dtype), gate = draw(count, kOut), before = draw(x.size(0), kOut);
    const ops::Norm norm{draw(count, kIn), draw(count, kIn), 1e-6};
    EXPECT_TRUE(at::equal(linear.ForwardNormed(x, segments, norm, Activation::kGeluTanh),
                          linear.Forward(ops::LayerNormModulate(x, segments, norm), segments, Activation::kGeluTanh)))
        << dtype;
    for (const torch::Tensor& through : {gate, torch::Tensor()}) {
      torch::Tensor found = before.clone(), expected = before.clone();
      linear.AddTo(found, through, x, segments);
      ops::GatedAdd(expected, segments, through, linear.Forward(x, segments, Activation::kNone));
      EXPECT_TRUE(at::equal(found, expected)) << dtype << (through.defined() ? " gated" : "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recipes, StampLinearTableTest, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

TEST(StampLinearTest, EightBitsComeCloseToTheDenseProduct) {
  const Layer plain(PresetLinear("w8a8"));
  EXPECT_GT(SqnrDb(plain.Forward(), plain.Dense()), 36);
  const Layer transformed({.weight_bits = 8, .activation_bits = 8});
  EXPECT_GT(SqnrDb(transformed.Forward(), transformed.Dense()), 36);
}

TEST(StampLinearTest, RoundingTheActivationsFinerComesCloser) {
  const auto distance = [](const LinearRecipe& recipe) {
    const Layer layer(recipe);
    return SqnrDb(layer.Forward(), layer.Dense());
  };
  const double four = distance({.weight_bits = 8, .high_rule = HighTokenRule::kNone});
  const double high_tokens = distance({.weight_bits = 8});
  const double eight = distance({.weight_bits = 8, .activation_bits = 8});
  EXPECT_GT(high_tokens, four + 1);
  EXPECT_GT(eight, high_tokens + 1);
}

TEST(StampLinearTest, SmoothingTamesAnOutlierAmongTheChannels) {
  const auto distance = [](bool smooths) {
    LinearRecipe recipe = PresetLinear("w8a8");
    recipe.activation_bits = 4;
    Layer layer(recipe);
    layer.x.select(1, 5).mul_(50);
    if (smooths) {
      layer.smooth_scales = at::ones({kIn});
      layer.smooth_scales[5] = 8;
    }
    return SqnrDb(layer.Forward(), layer.Dense());
  };
  EXPECT_GT(distance(true), distance(false) + 6);
}

TEST(StampLinearTest, NeedsNoBias) {
  Layer layer(PresetLinear("stamp-w4a4"));
  const torch::Tensor expected = layer.Reference() - layer.bias.to(torch::kFloat64);
  layer.bias = torch::Tensor();
  EXPECT_GT(SqnrDb(layer.Forward(), expected), kSameDb);
}

TEST(StampLinearTest, StatesItsShapeAndWhatItHolds) {
  const StampLinear linear = Layer({.weight_group = 64, .activation_group = 64}).Linear();
  EXPECT_EQ(linear.in(), kIn);
  EXPECT_EQ(linear.out(), kOut);
  const std::int64_t groups = kIn / 64;
  const std::int64_t codes = kOut * kIn / 2, multipliers = kOut * groups, scales = 4 * kOut, sums = 4 * kOut * groups,
                     bias = 4 * kOut;
  EXPECT_EQ(linear.resident_bytes(), codes + multipliers + scales + sums + bias);
}

class TimesTwo final : public TokenLinear {
 public:
  std::int64_t in() const override { return kIn; }
  std::int64_t out() const override { return kIn; }
  torch::Tensor Forward(const torch::Tensor& x, ops::Segments, Activation activation) const override {
    EXPECT_EQ(activation, Activation::kGeluTanh);
    return x * 2;
  }
};

class RoundedInputTableTest : public ::testing::TestWithParam<Case> {
 protected:
  torch::Tensor Forward(const Layer& layer, torch::ScalarType dtype) const {
    const RoundedInputLinear linear(GetParam().recipe, std::make_unique<const TimesTwo>(), layer.smooth_scales);
    return linear.Forward(layer.x.to(dtype), layer.grids.segments(), Activation::kGeluTanh);
  }
};

// R⁻¹ behind the product with the identity, which nobody rounds.
TEST_P(RoundedInputTableTest, TheLinearBehindSeesRoundedActivationsInTheirOwnSpace) {
  const Layer layer(GetParam().recipe, GetParam().smooths);
  const torch::Tensor identity = at::eye(kIn, torch::kFloat64);
  torch::Tensor expected = ReferenceProduct(GetParam().recipe, layer.x, layer.grids.segments(), identity, layer.smooth_scales);
  kernels::reference::TransformFeatures(stampd::testing::DoubleView(expected), {nullptr, GetParam().recipe.hadamard_block});
  if (layer.smooth_scales.defined()) expected.mul_(layer.smooth_scales.to(torch::kFloat64));
  EXPECT_GT(SqnrDb(Forward(layer, torch::kFloat32), 2 * expected), kSameDb);
  const torch::Tensor half = Forward(layer, torch::kBFloat16);
  EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(at::isfinite(half).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Recipes, RoundedInputTableTest, ::testing::ValuesIn(WithControls()),
                         [](const auto& info) { return info.param.name; });

torch::Tensor RoundTrip(const LinearRecipe& recipe, const Layer& layer) {
  return TokenRounding(recipe, {}).RoundTrip(layer.x, layer.grids.segments());
}

// A picture without detail is all mean: nothing of it is rounded.
TEST(RoundedInputTest, AMeanThatIsTakenOutStaysExact) {
  Layer layer(MeanOnly());
  layer.x = layer.x.narrow(0, 0, 1).expand_as(layer.x).contiguous();
  LinearRecipe without = MeanOnly();
  without.control = TokenControl::kNone;
  EXPECT_GT(SqnrDb(RoundTrip(MeanOnly(), layer), layer.x), 100);
  EXPECT_LT(SqnrDb(RoundTrip(without, layer), layer.x), 40);
}

TEST(RoundedInputTest, ShufflingChangesNothingWhereTokensAreNotMixed) {
  LinearRecipe recipe = PresetLinear("rtn-w4a4");
  const Layer layer(recipe);
  const torch::Tensor in_order = RoundTrip(recipe, layer);
  recipe.control = TokenControl::kShuffled;
  EXPECT_TRUE(at::equal(RoundTrip(recipe, layer), in_order));
}

TEST(StampLinearTest, TokensWithoutAGridAreRefused) {
  const Layer layer(PresetLinear("stamp-w4a4"));
  const ops::Segment text = ops::WholeOf(layer.x);
  const std::string expected = "tokens without a grid";
  ExpectBroken([&] { layer.Linear().Forward(layer.x, {&text, 1}, Activation::kNone); }, {expected});
  const RoundedInputLinear rounded({}, std::make_unique<const TimesTwo>(), {});
  ExpectBroken([&] { rounded.Forward(layer.x, {&text, 1}, Activation::kGeluTanh); }, {expected});
}

}  // namespace
}  // namespace stampd::layers
