#include "engine/models/t5/block.h"

#include <ATen/ATen.h>

namespace stampd::models::t5 {
namespace {

// The only place where an fp16 stream can overflow is the first block's attention; the reference pulls it back below the limit.
torch::Tensor ClampOverflow(const torch::Tensor& x) {
  if (x.scalar_type() != torch::kFloat16 || !at::isinf(x).any().item<bool>()) return x;
  constexpr double kLimit = 65504 - 1000;
  return at::clamp(x, -kLimit, kLimit);
}

torch::ScalarType DownDtype(torch::ScalarType dtype) { return dtype == torch::kFloat16 ? torch::kFloat32 : dtype; }

}  // namespace

Norm::Norm(const layers::WeightScope& scope, const T5Config& config)
    : weight_(scope.Take("weight", {config.width})), epsilon_(config.norm_epsilon) {}

torch::Tensor Norm::Forward(const torch::Tensor& x) const {
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor scale = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(epsilon_));
  return weight_ * (wide * scale).to(weight_.scalar_type());
}

Attention::Attention(const layers::WeightScope& scope, const T5Config& config)
    : heads_(config.heads),
      q_((scope / "q").Take("weight", {config.inner_width(), config.width})),
      k_((scope / "k").Take("weight", {config.inner_width(), config.width})),
      v_((scope / "v").Take("weight", {config.inner_width(), config.width})),
      o_((scope / "o").Take("weight", {config.width, config.inner_width()})) {}

torch::Tensor Attention::Heads(const torch::Tensor& x, const torch::Tensor& weight) const {
  return at::linear(x, weight).unflatten(-1, {heads_, -1}).transpose(0, 1);
}

torch::Tensor Attention::Forward(const torch::Tensor& x, const torch::Tensor& bias) const {
  // Step by step rather than fused: scores and weights are each rounded to the dtype, as the reference rounds them. Softmax
  // computes in fp32 inside.
  const torch::Tensor scores = at::bmm(Heads(x, q_), Heads(x, k_).transpose(1, 2)).add_(bias);
  const torch::Tensor mixed = at::bmm(at::softmax(scores, -1), Heads(x, v_));
  return at::linear(mixed.transpose(0, 1).flatten(1), o_);
}

FeedForward::FeedForward(const layers::WeightScope& scope, const T5Config& config)
    : gate_((scope / "wi_0").Take("weight", {config.hidden_width, config.width})),
      up_((scope / "wi_1").Take("weight", {config.hidden_width, config.width})),
      down_((scope / "wo").Take("weight", {config.width, config.hidden_width}, DownDtype(scope.dtype()))) {}

torch::Tensor FeedForward::Forward(const torch::Tensor& x) const {
  const torch::Tensor hidden = at::gelu(at::linear(x, gate_), "tanh").mul_(at::linear(x, up_));
  return at::linear(hidden.to(down_.scalar_type()), down_);
}

Block::Block(const layers::WeightScope& scope, const T5Config& config)
    : attention_norm_(scope / "layer" / 0 / "layer_norm", config),
      attention_(scope / "layer" / 0 / "SelfAttention", config),
      feed_forward_norm_(scope / "layer" / 1 / "layer_norm", config),
      feed_forward_(scope / "layer" / 1 / "DenseReluDense", config) {}

torch::Tensor Block::Forward(const torch::Tensor& stream, const torch::Tensor& bias) const {
  const torch::Tensor attended = ClampOverflow(stream + attention_.Forward(attention_norm_.Forward(stream), bias));
  return attended + feed_forward_.Forward(feed_forward_norm_.Forward(attended));
}

}  // namespace stampd::models::t5
