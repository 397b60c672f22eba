#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/kernels/w4a4_gemm.h"
#include "engine/models/resolution_bins.h"
#include "engine/quant/presets.h"
#include "engine/quant/sqnr.h"
#include "engine/quant/token_plan.h"
#include "tests/engine/kernels/rows.h"
#include "tests/engine/kernels/weights.h"
#include "tests/engine/quant/random_field.h"

// Y = L^-1( Q(L X R) Q(R^-1 W) ) + b equals X W + b where nothing is rounded, and what each piece of that needs.

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using kernels::TokenView;
using stampd::testing::Energy;
using stampd::testing::Normal;
using stampd::testing::NormalisedError;
using stampd::testing::RandomField;
using stampd::testing::Rows;
using stampd::testing::Weights;

constexpr SequenceTransform kTransforms[] = {SequenceTransform::kNone, SequenceTransform::kHaar1d, SequenceTransform::kHaar2d,
                                             SequenceTransform::kDct, SequenceTransform::kWht};

// Every grid of every table of trained sizes, for a token of so many pixels a side.
std::set<std::pair<int, int>> TrainedGrids(int pixels) {
  std::set<std::pair<int, int>> grids;
  for (const int native : {256, 512, 1024, 2048, 4096}) {
    for (int width = 200; width <= 4200; width += 5) {
      const models::Resolution bin = models::NearestBin({1000, width}, native);
      grids.insert({bin.height / pixels, bin.width / pixels});
    }
  }
  return grids;
}

struct Network {
  std::string name;
  int pixels;
  int side;
};

class TrainedGridTest : public ::testing::TestWithParam<Network> {};

TEST_P(TrainedGridTest, TransformsKeepEnergyAndAreUndone) {
  const std::set<std::pair<int, int>> grids = TrainedGrids(GetParam().pixels);
  EXPECT_GT(grids.size(), 120u);
  for (const auto& [height, width] : grids) {
    const TokenLayout layout = TokenLayout::Tiled({height, width}, GetParam().side);
    Rows<float> x(height * width, 1);
    x.Fill(Normal(1));
    for (const SequenceTransform transform : kTransforms) {
      Rows<float> y = x;
      kernels::cpu::ForwardAlongTokens(y.view(), layout.tiles(), {transform});
      ASSERT_NEAR(Energy(y), Energy(x), 1e-6 * Energy(x)) << height << "x" << width;
      kernels::cpu::InverseAlongTokens(y.view(), layout.tiles(), {transform});
      ASSERT_LE(NormalisedError(y, x), 4e-7) << height << "x" << width;
    }
  }
}

// The tiles that the design gives each network, and the half of them.
INSTANTIATE_TEST_SUITE_P(Networks, TrainedGridTest,
                         ::testing::Values(Network{"pixart_8", 16, 8}, Network{"pixart_4", 16, 4}, Network{"sana_4", 32, 4},
                                           Network{"sana_2", 32, 2}),
                         [](const auto& info) { return info.param.name; });

// x w, one output a row of w.
Rows<double> Product(const Rows<double>& x, const Rows<double>& w) {
  Rows<double> y(x.rows(), w.rows());
  for (int r = 0; r < x.rows(); ++r) {
    for (int o = 0; o < w.rows(); ++o) {
      for (int c = 0; c < x.width(); ++c) y.view().row(r)[o] += x.at(r, c) * w.at(o, c);
    }
  }
  return y;
}

void Add(Rows<double>& y, const Rows<double>& bias, const std::vector<double>& factors) {
  for (int r = 0; r < y.rows(); ++r) {
    for (int o = 0; o < y.width(); ++o) y.view().row(r)[o] += factors[r] * bias.at(0, o);
  }
}

class StampAlgebraTest : public ::testing::TestWithParam<SequenceTransform> {
 protected:
  StampAlgebraTest() {
    x_.Fill(Normal(1));
    w_.Fill(Normal(2));
    bias_.Fill(Normal(3));
  }
  void Forward(Rows<double>& x) { kernels::reference::ForwardAlongTokens(x.view(), layout_.tiles(), {GetParam()}); }
  void Inverse(Rows<double>& x) { kernels::reference::InverseAlongTokens(x.view(), layout_.tiles(), {GetParam()}); }

  TokenLayout layout_ = TokenLayout::Tiled({11, 9}, 4);
  Rows<double> x_{99, 8}, w_{6, 8}, bias_{1, 6};
};

TEST_P(StampAlgebraTest, CommutesWithWhatIsPerChannel) {
  Rows<double> scaled_after = x_, scaled_before = x_;
  const auto scale = [](Rows<double>& x) {
    for (int r = 0; r < x.rows(); ++r) {
      for (int c = 0; c < x.width(); ++c) x.view().row(r)[c] *= c - 2.5;
    }
  };
  scale(scaled_before);
  Forward(scaled_before);
  Forward(scaled_after);
  scale(scaled_after);
  EXPECT_LE(NormalisedError(scaled_after, scaled_before), 1e-15);
}

TEST_P(StampAlgebraTest, CommutesWithRotationAndWithWeights) {
  Rows<double> left_first = x_, right_first = x_, w = w_;
  Forward(left_first);
  kernels::reference::TransformFeatures(left_first.view(), {nullptr, 4});
  kernels::reference::TransformFeatures(right_first.view(), {nullptr, 4});
  kernels::reference::TransformFeatures(w.view(), {nullptr, 4});
  Rows<double> y = Product(left_first, w);
  Forward(right_first);
  EXPECT_LE(NormalisedError(left_first, right_first), 1e-15);
  Inverse(y);
  EXPECT_LE(NormalisedError(y, Product(x_, w_)), 1e-14);
}

TEST_P(StampAlgebraTest, ABiasBelongsBehindTheInverseOrIsMultipliedWithL1) {
  const std::vector<double> ones(99, 1.0);
  Rows<double> expected = Product(x_, w_);
  Add(expected, bias_, ones);

  Rows<double> transformed_ones(99, 1);
  transformed_ones.Fill([] { return 1.0; });
  Forward(transformed_ones);
  std::vector<double> l1(99);
  for (int r = 0; r < 99; ++r) l1[r] = transformed_ones.at(r, 0);

  Rows<double> x = x_;
  Forward(x);
  Rows<double> with_l1 = Product(x, w_), without = with_l1;
  Add(with_l1, bias_, l1);
  Inverse(with_l1);
  EXPECT_LE(NormalisedError(with_l1, expected), 1e-14);
  if (GetParam() == SequenceTransform::kNone) return;
  Add(without, bias_, ones);
  Inverse(without);
  EXPECT_GT(NormalisedError(without, expected), 0.1);
}

INSTANTIATE_TEST_SUITE_P(Transforms, StampAlgebraTest, ::testing::ValuesIn(kTransforms),
                         [](const auto& info) { return "transform" + std::to_string(static_cast<int>(info.param)); });

// The whole linear on the kernels that run it, on a field like natural ones.
class StampLinearTest : public ::testing::Test {
 protected:
  static constexpr int kIn = 192, kOut = 96;

  StampLinearTest() {
    Normal draw(9, 0.05);
    for (float& w : weight_) w = static_cast<float>(draw());
  }

  std::vector<float> Exact() const {
    std::vector<float> y;
    for (int r = 0; r < field_.rows(); ++r) {
      for (int o = 0; o < kOut; ++o) {
        double sum = 0;
        for (int c = 0; c < kIn; ++c) sum += static_cast<double>(field_.view().row(r)[c]) * weight_[o * kIn + c];
        y.push_back(static_cast<float>(sum));
      }
    }
    return y;
  }

  double SqnrDb(const Recipe& preset) const {
    const LinearRecipe recipe = preset.Resolve(std::vector<std::string>{"layer"}, kIn);
    const kernels::FeatureTransform rotation{nullptr, recipe.hadamard_block};
    std::vector<float> weight = weight_;
    kernels::cpu::TransformFeatures({weight.data(), kOut, kIn, kIn}, rotation);
    Weights rounded(kOut, kIn, recipe.weight_bits, recipe.weight_group != 0);
    kernels::cpu::RoundWeights(weight.data(), recipe.weight_rounding, rounded.view);

    RandomField x = field_;
    kernels::cpu::TransformFeatures(x.view(), rotation);
    kernels::cpu::ForwardAlongTokens(x.view(), x.layout().tiles(), recipe.tile_transform());
    const int groups = recipe.activation_group == 0 ? 1 : kIn / recipe.activation_group;
    std::vector<std::uint8_t> codes(x.values().size()), zeros(static_cast<std::size_t>(x.rows()) * groups);
    std::vector<float> scales(zeros.size());
    const kernels::QuantizedTokens tokens{codes.data(), scales.data(), zeros.data(), x.rows(), kIn, groups};
    const RandomField& transformed = x;
    const TokenPlan plan = PlanTokens(x.layout(), recipe);
    kernels::cpu::QuantizeTokens(transformed.view(), plan.bits.data(), recipe.token_rounding(), tokens);

    std::vector<std::int32_t> sums(static_cast<std::size_t>(kOut) * groups);
    kernels::cpu::SumWeights(rounded.view, groups, sums.data());
    std::vector<float> y(static_cast<std::size_t>(x.rows()) * kOut);
    const TokenView<float> out{y.data(), x.rows(), kOut, kOut};
    kernels::cpu::Multiply(tokens, rounded.view, sums.data(), {0, x.rows(), 0, kOut}, out);
    kernels::cpu::InverseAlongTokens(out, x.layout().tiles(), recipe.tile_transform());
    return MeasureSqnr(Exact(), y).Db();
  }

  RandomField field_{{.side = 32, .channels = kIn, .correlation = 0.9, .channel_spread = 0.8, .mean = 1, .seed = 4}, 8};
  std::vector<float> weight_ = std::vector<float>(static_cast<std::size_t>(kOut) * kIn);
};

TEST_F(StampLinearTest, EightBitsAreNearlyExact) { EXPECT_GT(SqnrDb(Preset("w8a8")), 36); }

TEST_F(StampLinearTest, EachPartOfTheMethodGains) {
  const double nearest = SqnrDb(Preset("rtn-w4a4"));
  Recipe recipe = Preset("rtn-w4a4");
  recipe.linear.weight_rounding = kernels::WeightRounding::kMseClip;
  recipe.linear.hadamard_block = 64;
  const double rotated = SqnrDb(recipe);
  const double stamp = SqnrDb(Preset("stamp-w4a4"));
  EXPECT_GT(nearest, 8);
  EXPECT_GT(rotated, nearest + 1);
  EXPECT_GT(stamp, rotated + 1);
  EXPECT_GT(SqnrDb(Preset("stamp-w4a8")), stamp);
  EXPECT_GT(SqnrDb(Preset("paper")), nearest + 1);
}

}  // namespace
}  // namespace stampd::quant
