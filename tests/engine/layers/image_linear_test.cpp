#include "engine/layers/image_linear.h"

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/layers/quantization.h"
#include "engine/layers/stamp_linear.h"
#include "engine/quant/presets.h"
#include "engine/quant/smooth_scales.h"
#include "tests/engine/layers/reference_stamp.h"
#include "tests/engine/ops/packed_grids.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"
#include "tests/written_archive.h"

namespace stampd::layers {
namespace {

using ops::Activation;
using quant::LinearRecipe;
using quant::Recipe;
using stampd::testing::DoubleView;
using stampd::testing::DrawTokens;
using stampd::testing::ExpectBroken;
using stampd::testing::NamedTensors;
using stampd::testing::PackedGrids;
using stampd::testing::ReferenceWeight;
using stampd::testing::SqnrDb;
using stampd::testing::TemporaryFolder;
using stampd::testing::WriteTensors;
using ::testing::ElementsAre;

constexpr std::int64_t kIn = 128, kOut = 48;

const std::vector<std::string_view> kFused = {"q", "k", "v"};

struct Loaded {
  std::unique_ptr<const TokenLinear> linear;
  std::int64_t parameters = 0;
  std::int64_t resident_bytes = 0;
  std::vector<std::string> image_linears;
};

// What a sink was given, in the form that image_linear.h says files have.
class WrittenWeights final : public QuantizedWeightSink {
 public:
  void Write(const std::string& name, const ops::QuantizedWeight& weight, const torch::Tensor& smooth_scales) override {
    tensors[name + ".weight_codes"] = weight.codes;
    tensors[name + ".weight_scales"] = weight.scales;
    if (weight.multipliers.defined()) tensors[name + ".weight_multipliers"] = weight.multipliers;
    if (smooth_scales.defined()) tensors[name + ".smooth_scales"] = smooth_scales;
  }

  NamedTensors tensors;
};

class ImageLinearTest : public ::testing::Test {
 protected:
  ImageLinearTest() {
    at::manual_seed(31);
    for (const std::string_view leaf : kFused) {
      const std::string name = "block." + std::string(leaf);
      tensors_[name + ".weight"] = at::randn({kOut, kIn}) * 0.1;
      tensors_[name + ".bias"] = at::randn({kOut});
    }
    x_ = DrawTokens(grids_.tokens(), kIn);
    const torch::Tensor seen = x_.abs().amax(0).contiguous();
    maxima_["block.q"] = {seen.data_ptr<float>(), seen.data_ptr<float>() + kIn};
  }

  Loaded Load(const Quantization* quantization, const std::vector<std::string_view>& names = kFused,
              torch::ScalarType dtype = torch::kFloat32) const {
    const TemporaryFolder folder;
    WriteTensors(tensors_, folder.path() / "model.safetensors");
    Weights weights(io::TensorArchive::Open(folder.path(), "model"), dtype, torch::kCPU, quantization);
    auto linear = LoadImageLinear(WeightScope(weights) / "block", names, kIn, kOut);
    if (names == kFused) weights.CheckAllTaken();
    return {std::move(linear), weights.parameters(), weights.resident_bytes(), weights.image_linears()};
  }
  Loaded Load(const Recipe& recipe, const std::vector<std::string_view>& names = kFused,
              torch::ScalarType dtype = torch::kFloat32) {
    const Quantization quantization{.recipe = &recipe, .maxima = &maxima_};
    return Load(&quantization, names, dtype);
  }

  torch::Tensor Forward(const Loaded& loaded, torch::ScalarType dtype = torch::kFloat32) const {
    return loaded.linear->Forward(x_.to(dtype), grids_.segments(), Activation::kNone);
  }
  torch::Tensor Forward(const Recipe& recipe, const std::vector<std::string_view>& names = kFused) {
    return Forward(Load(recipe, names));
  }

  torch::Tensor weight(const char* leaf) const { return tensors_.at(std::string("block.") + leaf + ".weight"); }
  torch::Tensor bias(const char* leaf) const { return tensors_.at(std::string("block.") + leaf + ".bias"); }

  // Rounds all weights and puts what the sink saw in their place.
  void Prepare(const Recipe& recipe) {
    WrittenWeights written;
    const Quantization quantization{.recipe = &recipe, .maxima = &maxima_, .sink = &written};
    Load(&quantization);
    for (const std::string_view leaf : kFused) tensors_.erase("block." + std::string(leaf) + ".weight");
    tensors_.merge(written.tensors);
  }

  PackedGrids grids_ = {{{11, 9}, 4}, {{8, 16}, 8}};
  NamedTensors tensors_;
  torch::Tensor x_;
  ActivationMaxima maxima_;
};

Recipe Named(LinearRecipe linear) { return {.name = "test", .linear = linear}; }

// A linear built by hand.
StampLinear Stamp(const LinearRecipe& recipe, const torch::Tensor& weight, const torch::Tensor& bias) {
  return StampLinear(recipe,
                     ops::RoundWeight(weight, {nullptr, recipe.hadamard_block}, recipe.weight_bits, recipe.weight_group != 0,
                                      recipe.weight_rounding),
                     bias, {});
}

TEST_F(ImageLinearTest, WithoutARecipeItIsInFullPrecision) {
  const torch::Tensor plain = Forward(Load(nullptr));
  const torch::Tensor dense =
      at::linear(x_, at::cat({weight("q"), weight("k"), weight("v")}), at::cat({bias("q"), bias("k"), bias("v")}));
  EXPECT_GT(SqnrDb(plain, dense), 120);
  const Quantization none;
  EXPECT_TRUE(at::equal(Forward(Load(&none)), plain));
  EXPECT_TRUE(at::equal(Forward(Named({.skip = true})), plain));
  EXPECT_TRUE(at::equal(Forward(Named({.weight_bits = 16, .activation_bits = 16})), plain));
}

TEST_F(ImageLinearTest, ARecipeMakesAStampLinear) {
  const LinearRecipe linear;
  const torch::Tensor expected = Stamp(linear, weight("k"), bias("k")).Forward(x_, grids_.segments(), Activation::kGeluTanh);
  const Loaded loaded = Load(Named(linear), {"k"});
  EXPECT_TRUE(at::equal(loaded.linear->Forward(x_, grids_.segments(), Activation::kGeluTanh), expected));
}

TEST_F(ImageLinearTest, OverridesHoldForTheLayersTheyName) {
  Recipe recipe = Named({});
  recipe.overrides = {
      {.layers = "k", .values = {.weight_bits = 8, .activation_bits = 8}, .fields = {"weight_bits", "activation_bits"}},
      {.layers = "block.v", .values = {.skip = true}, .fields = {"skip"}}};
  const auto expect = [&](const char* leaf, const LinearRecipe& linear) {
    const torch::Tensor expected = Stamp(linear, weight(leaf), bias(leaf)).Forward(x_, grids_.segments(), Activation::kNone);
    EXPECT_TRUE(at::equal(Forward(recipe, {leaf}), expected)) << leaf;
  };
  expect("q", {});
  expect("k", {.weight_bits = 8, .activation_bits = 8});
  EXPECT_TRUE(at::equal(Forward(recipe, {"v"}), Forward(Load(nullptr, {"v"}))));
  ExpectBroken([&] { Load(recipe); }, {"block.q", "block.k", "one input"});
}

struct Case {
  std::string name;
  LinearRecipe recipe;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"stamp_w4a4", {}},
      {"w8a8", quant::Preset("w8a8").linear},
      {"groups", {.weight_group = 64, .activation_group = 64}},
      {"smooth", {.weight_bits = 8, .smooth_alpha = 0.5}},
      {"smooth_groups", {.weight_group = 64, .weight_rounding = kernels::WeightRounding::kNearest, .smooth_alpha = 0.7}},
  };
  return cases;
}

class ImageLinearRecipesTest : public ImageLinearTest, public ::testing::WithParamInterface<Case> {
 protected:
  Recipe recipe_ = Named(GetParam().recipe);
};

TEST_P(ImageLinearRecipesTest, LinearsOfOneInputComputeWhatTheyComputeApart) {
  recipe_.linear.smooth_alpha = 0;  // which looks at all weights that read an input
  const torch::Tensor apart = at::cat({Forward(recipe_, {"q"}), Forward(recipe_, {"k"}), Forward(recipe_, {"v"})}, 1);
  EXPECT_TRUE(at::equal(Forward(recipe_), apart));
}

TEST_P(ImageLinearRecipesTest, PreparedTensorsComputeWhatRoundingOnLoadComputes) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    const NamedTensors original = tensors_;
    const Loaded rounded = Load(recipe_, kFused, dtype);
    Prepare(recipe_);
    const Quantization without_maxima{.recipe = &recipe_};
    const Loaded prepared = Load(&without_maxima, kFused, dtype);
    EXPECT_TRUE(at::equal(Forward(prepared, dtype), Forward(rounded, dtype)));
    EXPECT_EQ(prepared.parameters, rounded.parameters);
    EXPECT_EQ(prepared.resident_bytes, rounded.resident_bytes);
    tensors_ = original;
  }
}

TEST_P(ImageLinearRecipesTest, CountsParametersAndTheBytesThatStay) {
  const Loaded loaded = Load(recipe_);
  EXPECT_EQ(loaded.parameters, 3 * (kOut * kIn + kOut));
  EXPECT_EQ(loaded.resident_bytes, dynamic_cast<const StampLinear&>(*loaded.linear).resident_bytes());
  EXPECT_THAT(loaded.image_linears, ElementsAre("block.q", "block.k", "block.v"));
}

INSTANTIATE_TEST_SUITE_P(Recipes, ImageLinearRecipesTest, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

TEST_F(ImageLinearTest, WhatIsRoundedIsTheStoredWeightWhateverTheRestComputesIn) {
  for (auto& [name, tensor] : tensors_) tensor = tensor.to(torch::kFloat16);
  const auto codes = [&](torch::ScalarType dtype) {
    const Recipe recipe = Named({});
    WrittenWeights written;
    const Quantization quantization{.recipe = &recipe, .sink = &written};
    Load(&quantization, kFused, dtype);
    return written.tensors.at("block.q.weight_codes");
  };
  EXPECT_TRUE(at::equal(codes(torch::kBFloat16), codes(torch::kFloat32)));
}

TEST_F(ImageLinearTest, BiasesMayBeMissing) {
  const torch::Tensor expected = Stamp({}, weight("q"), {}).Forward(x_, grids_.segments(), Activation::kNone);
  for (const std::string_view leaf : kFused) tensors_.erase("block." + std::string(leaf) + ".bias");
  const TemporaryFolder folder;
  WriteTensors(tensors_, folder.path() / "model.safetensors");
  const Recipe recipe = Named({});
  const Quantization quantization{.recipe = &recipe};
  Weights weights(io::TensorArchive::Open(folder.path(), "model"), torch::kFloat32, torch::kCPU, &quantization);
  const auto linear = LoadImageLinear(WeightScope(weights) / "block", {"q"}, kIn, kOut, /*bias=*/false);
  EXPECT_TRUE(at::equal(linear->Forward(x_, grids_.segments(), Activation::kNone), expected));
}

// What stays of rounding the weights alone, in their own space again.
TEST_F(ImageLinearTest, WeightsAloneAreADenseLinearOfRoundedWeights) {
  for (const double alpha : {0.0, 0.5}) {
    const Recipe recipe = Named({.activation_bits = 16, .smooth_alpha = alpha});
    torch::Tensor smooth;
    if (alpha != 0) {
      const torch::Tensor largest = weight("q").abs().amax(0).contiguous();
      smooth = torch::tensor(quant::SmoothScales(maxima_.at("block.q"), {largest.data_ptr<float>(), std::size_t{kIn}}, alpha));
    }
    torch::Tensor w = ReferenceWeight(recipe.linear, weight("q"), smooth);
    kernels::reference::TransformFeatures(DoubleView(w), {nullptr, recipe.linear.hadamard_block});
    if (alpha != 0) w.div_(smooth);
    const Loaded loaded = Load(recipe, {"q"});
    EXPECT_GT(SqnrDb(Forward(loaded), at::linear(x_.to(torch::kFloat64), w, bias("q").to(torch::kFloat64))), 50) << alpha;
    EXPECT_EQ(loaded.parameters, kOut * kIn + kOut);
    EXPECT_EQ(loaded.resident_bytes, Load(nullptr, {"q"}).resident_bytes);
  }
}

TEST_F(ImageLinearTest, ActivationsAloneAreRoundedBeforeADenseLinear) {
  const Recipe recipe = Named({.weight_bits = 16});
  const torch::Tensor rounded = TokenRounding(recipe.linear, {}).RoundTrip(x_, grids_.segments());
  const Loaded dense = Load(nullptr);
  EXPECT_TRUE(at::equal(Forward(recipe), dense.linear->Forward(rounded, grids_.segments(), Activation::kNone)));
}

class Witness final : public LinearObserver {
 public:
  void Loaded(const std::string& name, const TokenLinear& linear) override { loaded.emplace_back(name, linear.out()); }
  void Computed(const std::string& name, const LinearCall& call) override { calls.emplace_back(name, call); }

  std::vector<std::pair<std::string, std::int64_t>> loaded;
  std::vector<std::pair<std::string, LinearCall>> calls;
};

TEST_F(ImageLinearTest, TheObserverSeesWhatIsLoadedAndComputed) {
  const Recipe recipe = Named({});
  for (const Recipe* const wanted : {&recipe, static_cast<const Recipe*>(nullptr)}) {
    Witness witness;
    const Quantization quantization{.recipe = wanted, .observer = &witness};
    const struct Loaded observed = Load(&quantization);
    EXPECT_THAT(witness.loaded, ElementsAre(std::pair<std::string, std::int64_t>("block.q", 3 * kOut)));
    EXPECT_TRUE(witness.calls.empty());
    const torch::Tensor y = observed.linear->Forward(x_, grids_.segments(), Activation::kGeluTanh);
    ASSERT_EQ(witness.calls.size(), 1u);
    const auto& [name, call] = witness.calls.front();
    EXPECT_EQ(name, "block.q");
    EXPECT_TRUE(at::equal(call.x, x_));
    EXPECT_EQ(call.segments.data(), grids_.segments().data());
    EXPECT_EQ(call.activation, Activation::kGeluTanh);
    EXPECT_TRUE(at::equal(call.y, y));
    EXPECT_EQ(observed.linear->in(), kIn);
    const Quantization unobserved{.recipe = wanted};
    EXPECT_TRUE(at::equal(y, Load(&unobserved).linear->Forward(x_, grids_.segments(), Activation::kGeluTanh)));
  }
}

TEST_F(ImageLinearTest, TheSinkGetsEachWeightUnderItsOwnName) {
  const Recipe recipe = Named({.weight_group = 64, .smooth_alpha = 0.5});
  WrittenWeights written;
  const Quantization quantization{.recipe = &recipe, .maxima = &maxima_, .sink = &written};
  Load(&quantization);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : written.tensors) names.push_back(name);
  std::vector<std::string> expected;
  for (const char* leaf : {"k", "q", "v"}) {
    for (const char* part : {"smooth_scales", "weight_codes", "weight_multipliers", "weight_scales"}) {
      expected.push_back(std::string("block.") + leaf + "." + part);
    }
  }
  EXPECT_EQ(names, expected);
  const torch::Tensor smooth = written.tensors.at("block.q.smooth_scales");
  EXPECT_TRUE(at::equal(written.tensors.at("block.v.smooth_scales"), smooth));
  const ops::QuantizedWeight k =
      ops::RoundWeight(weight("k"), {smooth.data_ptr<float>(), 64}, 4, true, recipe.linear.weight_rounding);
  EXPECT_TRUE(at::equal(written.tensors.at("block.k.weight_codes"), k.codes));
}

// One thing that is wrong in prepared tensors, and the words that must name it.
struct Damage {
  std::string name;
  std::function<void(NamedTensors&)> apply;
  std::vector<std::string> parts;
  LinearRecipe recipe;
};

void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

LinearRecipe EightBits() { return {.weight_bits = 8, .activation_bits = 8}; }
LinearRecipe Groups() { return {.weight_group = 64}; }
LinearRecipe Smooth() { return {.smooth_alpha = 0.5}; }

template <typename T>
std::function<void(NamedTensors&)> Put(const char* tensor, std::int64_t row, std::int64_t column, T value) {
  return [=](NamedTensors& tensors) {
    torch::Tensor& damaged = tensors.at(tensor);
    damaged = damaged.clone();
    damaged.view({damaged.size(0), -1})[row][column] = value;
  };
}

std::function<void(NamedTensors&)> Erase(const char* tensor) {
  return [=](NamedTensors& tensors) { tensors.erase(tensor); };
}

std::function<void(NamedTensors&)> Replace(const char* tensor, torch::Tensor (*change)(const torch::Tensor&)) {
  return [=](NamedTensors& tensors) { tensors.at(tensor) = change(tensors.at(tensor)); };
}

const std::vector<Damage>& Damages() {
  static const std::vector<Damage> damages = {
      {"low_nibble_is_minus_8", Put("block.k.weight_codes", 7, 3, 0x18), {" block.k.weight_codes:", "-7 to 7", "found -8"}, {}},
      {"high_nibble_is_minus_8", Put("block.v.weight_codes", 0, 0, 0x81), {" block.v.weight_codes:", "found -8"}, {}},
      {"byte_is_minus_128", Put("block.q.weight_codes", 3, 5, 0x80), {" block.q.weight_codes:", "found -128"}, EightBits()},
      {"scale_is_zero", Put("block.k.weight_scales", 2, 0, 0.f), {" block.k.weight_scales:", "positive"}, {}},
      {"scale_is_negative", Put("block.k.weight_scales", 2, 0, -1.f), {" block.k.weight_scales:", "positive"}, {}},
      {"scale_is_nan", Put("block.k.weight_scales", 2, 0, NAN), {"block.k.weight_scales:", "finite"}, {}},
      {"multiplier_is_0", Put("block.v.weight_multipliers", 1, 1, 0), {" block.v.weight_multipliers:", "1 to 18"}, Groups()},
      {"multiplier_is_19", Put("block.v.weight_multipliers", 1, 1, 19), {" block.v.weight_multipliers:", "1 to 18"}, Groups()},
      {"smooth_scale_is_zero", Put("block.k.smooth_scales", 9, 0, 0.f), {" block.k.smooth_scales:", "positive"}, Smooth()},
      {"smooth_scales_differ", Put("block.v.smooth_scales", 9, 0, 3.f), {" block.v.smooth_scales:", "block.q"}, Smooth()},
      {"no_smooth_scales", Erase("block.q.smooth_scales"), {"block.q.smooth_scales", "found none"}, Smooth()},
      {"no_scales", Erase("block.v.weight_scales"), {"block.v.weight_scales", "found none"}, {}},
      {"no_codes_of_one", Erase("block.k.weight_codes"), {"block.k.weight_codes", "found none"}, {}},
      {"no_multipliers", Erase("block.q.weight_multipliers"), {"block.q.weight_multipliers", "found none"}, Groups()},
      {"codes_of_another_shape",
       Replace("block.k.weight_codes",
               [](const torch::Tensor& t) {
                 return at::cat({t, t}, 1);
               }),
       {"block.k.weight_codes", "expected shape [48, 64]", "found [48, 128]"},
       {}},
      {"codes_of_another_type",
       Replace("block.k.weight_codes", [](const torch::Tensor& t) { return t.to(torch::kFloat32); }),
       {"block.k.weight_codes", "expected U8", "found F32"},
       {}},
      {"scales_of_another_type",
       Replace("block.k.weight_scales", [](const torch::Tensor& t) { return t.to(torch::kUInt8); }),
       {"block.k.weight_scales", "expected F32", "found U8"},
       {}},
      {"smooth_scales_nobody_asked_for",
       [](NamedTensors& tensors) { tensors["block.k.smooth_scales"] = at::ones({kIn}); },
       {"block.k.smooth_scales", "does not have"},
       {}},
  };
  return damages;
}

class DamagedTest : public ImageLinearTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedTest, IsRefusedByName) {
  const Recipe recipe = Named(GetParam().recipe);
  Prepare(recipe);
  EXPECT_NO_THROW(Load(recipe));
  GetParam().apply(tensors_);
  try {
    Load(recipe);
    ADD_FAILURE() << "accepted";
  } catch (const Broken& error) {
    for (const std::string& part : GetParam().parts) EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
  }
}

INSTANTIATE_TEST_SUITE_P(Prepared, DamagedTest, ::testing::ValuesIn(Damages()), [](const auto& info) { return info.param.name; });

TEST_F(ImageLinearTest, SmoothingNeedsActivationsToCalibrateOn) {
  const Recipe recipe = Named(Smooth());
  const Quantization without{.recipe = &recipe};
  ExpectBroken([&] { Load(&without); }, {"block.q", "calibrate"});
  const ActivationMaxima others = {{"block.k", std::vector<float>(kIn, 1.f)}};
  const Quantization of_others{.recipe = &recipe, .maxima = &others};
  ExpectBroken([&] { Load(&of_others); }, {"block.q", "found none"});
}

TEST_F(ImageLinearTest, ARecipeThatDoesNotFitTheLayerIsRefused) {
  ExpectBroken([&] { Load(Named({.weight_bits = 8, .weight_group = 64})); }, {"test", "block.q", "weight_group", "found 64"});
}

}  // namespace
}  // namespace stampd::layers
