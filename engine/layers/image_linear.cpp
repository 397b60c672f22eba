#include "engine/layers/image_linear.h"

#include <optional>
#include <string>

#include "engine/base/error.h"
#include "engine/layers/quantization.h"
#include "engine/layers/stamp_linear.h"
#include "engine/quant/smooth_scales.h"

namespace stampd::layers {
namespace {

using quant::kExactBits;
using quant::LinearRecipe;

class ObservedLinear final : public TokenLinear {
 public:
  ObservedLinear(std::unique_ptr<const TokenLinear> linear, std::string name, LinearObserver* observer)
      : linear_(std::move(linear)), name_(std::move(name)), observer_(observer) {
    observer_->Loaded(name_, *linear_);
  }

  std::int64_t in() const override { return linear_->in(); }
  std::int64_t out() const override { return linear_->out(); }
  torch::Tensor Forward(const torch::Tensor& x, ops::Segments segments, ops::Activation activation) const override {
    const torch::Tensor y = linear_->Forward(x, segments, activation);
    observer_->Computed(name_, {x, segments, activation, y});
    return y;
  }

 private:
  std::unique_ptr<const TokenLinear> linear_;
  std::string name_;
  LinearObserver* observer_;
};

// In place of a linear whose weights went into a sink.
class EmptyLinear final : public TokenLinear {
 public:
  EmptyLinear(std::int64_t in, std::int64_t out) : in_(in), out_(out) {}

  std::int64_t in() const override { return in_; }
  std::int64_t out() const override { return out_; }
  torch::Tensor Forward(const torch::Tensor&, ops::Segments, ops::Activation) const override {
    throw Broken("[stamp] a network whose weights were only written was run");
  }

 private:
  std::int64_t in_, out_;
};

// What q, k and v are to each other: linears of one shape that read the same tokens.
struct Names {
  const WeightScope& scope;
  const std::vector<std::string_view>& leaves;
  std::int64_t in, out;

  std::vector<std::string> Full() const {
    std::vector<std::string> names;
    for (const std::string_view leaf : leaves) names.push_back(scope.Name(leaf));
    return names;
  }
};

[[noreturn]] void Fail(const std::string& tensor, const std::string& what) { throw Broken("[stamp] " + tensor + ": " + what); }

void CheckPositive(const WeightScope& scope, std::string_view leaf, const torch::Tensor& numbers) {
  if (numbers.le(0).any().item<bool>()) Fail(scope.Name(leaf), "expected positive numbers, found others");
}

void CheckPrepared(const WeightScope& scope, const ops::QuantizedWeight& weight) {
  const auto holds = [&](int mask, int value) { return at::bitwise_and(weight.codes, mask).eq(value).any().item<bool>(); };
  const std::string codes = scope.Name("weight_codes");
  if (weight.bits == 4 && (holds(0x0f, 0x08) || holds(0xf0, 0x80))) Fail(codes, "expected numbers of -7 to 7, found -8");
  if (weight.bits == 8 && holds(0xff, 0x80)) Fail(codes, "expected numbers of -127 to 127, found -128");
  CheckPositive(scope, "weight_scales", weight.scales);
  if (!weight.multipliers.defined()) return;
  if (weight.multipliers.eq(0).any().item<bool>() || weight.multipliers.gt(kernels::kMaxMultiplier).any().item<bool>()) {
    Fail(scope.Name("weight_multipliers"),
         "expected numbers of 1 to " + std::to_string(kernels::kMaxMultiplier) + ", found others");
  }
}

ops::QuantizedWeight TakePrepared(const WeightScope& scope, std::int64_t in, std::int64_t out, const LinearRecipe& recipe) {
  ops::QuantizedWeight weight{.codes = scope.TakeBytes("weight_codes", {out, in * recipe.weight_bits / 8}),
                              .multipliers = {},
                              .scales = scope.Take("weight_scales", {out}, torch::kFloat32),
                              .bits = recipe.weight_bits};
  if (recipe.weight_group != 0) weight.multipliers = scope.TakeBytes("weight_multipliers", {out, in / recipe.weight_group});
  scope.CountParameters(out * in - out);
  CheckPrepared(scope, weight);
  return weight;
}

// The largest magnitude of each input channel, over the outputs of all.
std::vector<float> WeightMaxima(const std::vector<torch::Tensor>& weights) {
  std::vector<torch::Tensor> maxima;
  for (const torch::Tensor& weight : weights) maxima.push_back(weight.abs().amax(0).to(torch::kFloat32));
  const torch::Tensor all = at::stack(maxima).amax(0).contiguous();
  return {all.data_ptr<float>(), all.data_ptr<float>() + all.numel()};
}

torch::Tensor SmoothScales(const Quantization& quantization, const Names& names, const LinearRecipe& recipe,
                           const std::vector<torch::Tensor>& weights) {
  if (recipe.smooth_alpha == 0) return {};
  const std::string name = names.scope.Name(names.leaves.front());
  if (quantization.maxima == nullptr)
    Fail(name, "the recipe smooths, which needs activations to calibrate on: prepare it with `stampq quantize --prompts`");
  const auto found = quantization.maxima->find(name);
  if (found == quantization.maxima->end()) Fail(name, "expected activations to calibrate on, found none");
  return torch::tensor(quant::SmoothScales(found->second, WeightMaxima(weights), recipe.smooth_alpha));
}

struct Quantized {
  ops::QuantizedWeight weight;
  torch::Tensor smooth_scales;
};

// `others`: those of the linears before, undefined for the first.
torch::Tensor TakeSmoothScales(const Names& names, const WeightScope& scope, const torch::Tensor& others) {
  const torch::Tensor scales = scope.Take("smooth_scales", {names.in}, torch::kFloat32);
  scope.CountParameters(-names.in);
  scope.CountResident(-static_cast<std::int64_t>(scales.nbytes()));  // what stays of all of them is the linear's to count
  CheckPositive(scope, "smooth_scales", scales);
  if (others.defined() && !at::equal(scales, others)) {
    Fail(scope.Name("smooth_scales"),
         "expected those of " + names.scope.Name(names.leaves.front()) + ", which reads the same input, found others");
  }
  return scales;
}

Quantized TakeAllPrepared(const Names& names, const LinearRecipe& recipe) {
  std::vector<ops::QuantizedWeight> weights;
  torch::Tensor smooth_scales;
  for (const std::string_view leaf : names.leaves) {
    const WeightScope scope = names.scope / leaf;
    weights.push_back(TakePrepared(scope, names.in, names.out, recipe));
    if (recipe.smooth_alpha != 0) smooth_scales = TakeSmoothScales(names, scope, smooth_scales);
  }
  if (weights.size() == 1) return {weights.front(), smooth_scales};
  Quantized joined{ops::Join(weights), smooth_scales};
  for (const std::string_view leaf : names.leaves) (names.scope / leaf).Release("weight_codes");
  return joined;
}

// Gives take(leaf, weight, smooth_scales) each weight as it is rounded, and lets go of the original. Returns the smooth scales.
template <typename F>
torch::Tensor RoundEach(const Names& names, const LinearRecipe& recipe, const Quantization& quantization, F take) {
  std::vector<torch::Tensor> weights;
  for (const std::string_view leaf : names.leaves) {  // as stored: what is rounded must not depend on what the rest computes in
    const WeightScope scope = names.scope / leaf;
    weights.push_back(scope.TakeMatrix("weight", names.out, names.in, scope.StoredDtype("weight")));
  }
  const torch::Tensor smooth_scales = SmoothScales(quantization, names, recipe, weights);
  const kernels::FeatureTransform transform{.factors = smooth_scales.defined() ? smooth_scales.data_ptr<float>() : nullptr,
                                            .hadamard_block = std::max(1, recipe.hadamard_block)};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const WeightScope scope = names.scope / names.leaves[i];
    take(names.leaves[i],
         ops::RoundWeight(weights[i], transform, recipe.weight_bits, recipe.weight_group != 0, recipe.weight_rounding),
         smooth_scales);
    scope.CountResident(-static_cast<std::int64_t>(weights[i].nbytes()));
    weights[i] = torch::Tensor();
    scope.Release("weight");
  }
  return smooth_scales;
}

Quantized RoundAll(const Names& names, const LinearRecipe& recipe, const Quantization& quantization) {
  std::vector<ops::QuantizedWeight> rounded;
  const auto keep = [&](std::string_view, ops::QuantizedWeight weight, const torch::Tensor&) {
    names.scope.CountResident(weight.resident_bytes());
    rounded.push_back(std::move(weight));
  };
  const torch::Tensor smooth_scales = RoundEach(names, recipe, quantization, keep);
  return {ops::Join(rounded), smooth_scales};
}

void WriteAll(const Names& names, const LinearRecipe& recipe, const Quantization& quantization) {
  const auto write = [&](std::string_view leaf, const ops::QuantizedWeight& weight, const torch::Tensor& smooth_scales) {
    quantization.sink->Write(names.scope.Name(leaf), weight, smooth_scales);
  };
  RoundEach(names, recipe, quantization, write);
}

torch::Tensor TakeBiases(const Names& names, bool bias) {
  if (!bias) return {};
  std::vector<torch::Tensor> biases;
  for (const std::string_view leaf : names.leaves) biases.push_back((names.scope / leaf).Take("bias", {names.out}));
  return ops::Pack(biases);
}

// Activations as they are: the weights' numbers without the feature transform, for a product in full precision.
torch::Tensor PlainWeight(const Quantized& quantized, const LinearRecipe& recipe, torch::ScalarType dtype) {
  torch::Tensor weight = ops::Dequantize(quantized.weight);
  ops::TransformFeatures(weight, {.factors = nullptr, .hadamard_block = std::max(1, recipe.hadamard_block)});
  if (quantized.smooth_scales.defined()) weight.div_(quantized.smooth_scales);
  return weight.to(dtype);
}

std::unique_ptr<const TokenLinear> Build(const Names& names, bool bias, const LinearRecipe& recipe,
                                         const Quantization& quantization) {
  const WeightScope& scope = names.scope;
  if (recipe.weight_bits == kExactBits) {
    return std::make_unique<const RoundedInputLinear>(recipe, LoadLinear(scope, names.leaves, names.in, names.out, bias),
                                                      torch::Tensor());
  }
  if (quantization.sink != nullptr) {
    WriteAll(names, recipe, quantization);
    TakeBiases(names, bias);  // which is copied as it is, once it was checked
    return std::make_unique<const EmptyLinear>(names.in, names.out * static_cast<std::int64_t>(names.leaves.size()));
  }
  const bool prepared = scope.Has(std::string(names.leaves.front()) + ".weight_codes");
  Quantized quantized = prepared ? TakeAllPrepared(names, recipe) : RoundAll(names, recipe, quantization);
  const torch::Tensor biases = TakeBiases(names, bias);
  // What was taken goes into the linear, which is counted as a whole.
  scope.CountResident(-quantized.weight.resident_bytes() - static_cast<std::int64_t>(bias ? biases.nbytes() : 0));
  if (recipe.activation_bits == kExactBits || recipe.control != quant::TokenControl::kNone) {
    auto plain = MakeDenseLinear(scope, PlainWeight(quantized, recipe, scope.dtype()), biases);
    if (recipe.activation_bits == kExactBits) return plain;
    return std::make_unique<const RoundedInputLinear>(recipe, std::move(plain), quantized.smooth_scales);
  }
  auto linear = std::make_unique<const StampLinear>(recipe, std::move(quantized.weight), biases, quantized.smooth_scales);
  scope.CountResident(linear->resident_bytes());
  return linear;
}

using Resolver = LinearRecipe (quant::Recipe::*)(std::span<const std::string> layers, std::int64_t width) const;

std::unique_ptr<const TokenLinear> Load(const Names& names, bool bias, Resolver resolve) {
  const WeightScope& scope = names.scope;
  for (const std::string_view leaf : names.leaves) scope.CountImageLinear(leaf);
  const Quantization* const quantization = scope.quantization();
  if (quantization == nullptr) return LoadLinear(scope, names.leaves, names.in, names.out, bias);
  LinearRecipe recipe{.skip = true};
  if (quantization->recipe != nullptr) recipe = (quantization->recipe->*resolve)(names.Full(), names.in);
  const bool exact = recipe.skip || (recipe.weight_bits == kExactBits && recipe.activation_bits == kExactBits);
  auto linear = exact ? LoadLinear(scope, names.leaves, names.in, names.out, bias) : Build(names, bias, recipe, *quantization);
  if (quantization->observer == nullptr) return linear;
  return std::make_unique<const ObservedLinear>(std::move(linear), scope.Name(names.leaves.front()), quantization->observer);
}

}  // namespace

std::unique_ptr<const TokenLinear> LoadImageLinear(const WeightScope& scope, const std::vector<std::string_view>& names,
                                                   std::int64_t in, std::int64_t out, bool bias) {
  return Load({scope, names, in, out}, bias, &quant::Recipe::Resolve);
}

std::unique_ptr<const TokenLinear> LoadTextLinear(const WeightScope& scope, const std::vector<std::string_view>& names,
                                                  std::int64_t in, std::int64_t out, bool bias) {
  return Load({scope, names, in, out}, bias, &quant::Recipe::ResolveForText);
}

}  // namespace stampd::layers
