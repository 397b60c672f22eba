#include "engine/models/t5/block.h"

#include <ATen/ATen.h>

#include "engine/layers/image_linear.h"

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
      qkv_(layers::LoadTextLinear(scope, {"q", "k", "v"}, config.width, config.inner_width(), /*bias=*/false)),
      out_(layers::LoadTextLinear(scope, {"o"}, config.inner_width(), config.width, /*bias=*/false)) {}

torch::Tensor Attention::Heads(const torch::Tensor& rows) const { return rows.unflatten(-1, {heads_, -1}).transpose(0, 1); }

torch::Tensor Attention::Forward(const torch::Tensor& x, const torch::Tensor& bias) const {
  const std::vector<torch::Tensor> qkv = qkv_->Forward(x).chunk(3, -1);
  // Step by step rather than fused: scores and weights are each rounded to the dtype, as the reference rounds them. Softmax
  // computes in fp32 inside.
  const torch::Tensor scores = at::bmm(Heads(qkv[0]), Heads(qkv[1]).transpose(1, 2)).add_(bias);
  const torch::Tensor mixed = at::bmm(at::softmax(scores, -1), Heads(qkv[2]));
  return out_->Forward(mixed.transpose(0, 1).flatten(1));
}

FeedForward::FeedForward(const layers::WeightScope& scope, const T5Config& config)
    : down_dtype_(DownDtype(scope.dtype())),
      gate_up_(layers::LoadTextLinear(scope, {"wi_0", "wi_1"}, config.width, config.hidden_width, /*bias=*/false)),
      down_(layers::LoadTextLinear(scope.As(down_dtype_), {"wo"}, config.hidden_width, config.width, /*bias=*/false)) {}

torch::Tensor FeedForward::Forward(const torch::Tensor& x) const {
  const std::vector<torch::Tensor> gate_and_up = gate_up_->Forward(x).chunk(2, -1);
  const torch::Tensor hidden = at::gelu(gate_and_up[0], "tanh").mul_(gate_and_up[1]);
  return down_->Forward(hidden.to(down_dtype_));
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
