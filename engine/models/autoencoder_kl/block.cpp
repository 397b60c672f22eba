#include "engine/models/autoencoder_kl/block.h"

#include <string_view>

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_kl {
namespace {

constexpr double kNormEpsilon = 1e-6;

layers::WeightScope OneOf(const layers::WeightScope& scope, std::string_view name, std::string_view legacy_name) {
  const layers::WeightScope legacy = scope / legacy_name;
  return legacy.Has("weight") ? legacy : scope / name;
}

// Before it was a linear layer it was a 1x1 convolution.
torch::Tensor TakeMatrix(const layers::WeightScope& scope, std::int64_t channels) {
  if (scope.Has("weight") && scope.Shape("weight").size() == 4) {
    return scope.Take("weight", {channels, channels, 1, 1}).flatten(1);
  }
  return scope.Take("weight", {channels, channels});
}

}  // namespace

Norm::Norm(const layers::WeightScope& scope, std::int64_t channels, std::int64_t groups)
    : weight_(scope.Take("weight", {channels})), bias_(scope.Take("bias", {channels})), groups_(groups) {}

torch::Tensor Norm::Forward(const torch::Tensor& x) const { return at::group_norm(x, groups_, weight_, bias_, kNormEpsilon); }

torch::Tensor Norm::ForwardSilu(const torch::Tensor& x) const {
  torch::Tensor normed = Forward(x);
  return at::silu_(normed);
}

Resnet::Resnet(const layers::WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t groups)
    : norm1_(scope / "norm1", in, groups),
      conv1_(scope / "conv1", in, out, 3),
      norm2_(scope / "norm2", out, groups),
      conv2_(scope / "conv2", out, out, 3) {
  if (in != out) shortcut_.emplace(scope / "conv_shortcut", in, out, 1);
}

torch::Tensor Resnet::Forward(torch::Tensor x) const {
  // One statement a step: each result frees the one before it.
  torch::Tensor h = norm1_.ForwardSilu(x);
  h = conv1_.Forward(h);
  h = norm2_.ForwardSilu(h);
  h = conv2_.Forward(h);
  if (shortcut_) x = shortcut_->Forward(x);
  return h.add_(x);
}

Attention::Linear::Linear(const layers::WeightScope& scope, std::int64_t channels)
    : weight(TakeMatrix(scope, channels)), bias(scope.Take("bias", {channels})) {}

Attention::Attention(const layers::WeightScope& scope, std::int64_t channels, std::int64_t groups)
    : norm_(scope / "group_norm", channels, groups),
      q_(OneOf(scope, "to_q", "query"), channels),
      k_(OneOf(scope, "to_k", "key"), channels),
      v_(OneOf(scope, "to_v", "value"), channels),
      out_(OneOf(scope, "to_out.0", "proj_attn"), channels) {}

torch::Tensor Attention::Forward(torch::Tensor x) const {
  const torch::Tensor tokens = norm_.Forward(x).flatten(2).transpose(1, 2).unsqueeze(1);  // [1, 1, pixels, channels]
  // Fused: the scores of all pixels with all pixels are never in memory at once.
  const torch::Tensor mixed = at::scaled_dot_product_attention(q_.Forward(tokens), k_.Forward(tokens), v_.Forward(tokens));
  return out_.Forward(mixed).squeeze(1).transpose(1, 2).unflatten(2, x.sizes().slice(2)).add_(x);
}

}  // namespace stampd::models::autoencoder_kl
