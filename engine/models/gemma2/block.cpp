#include "engine/models/gemma2/block.h"

#include <limits>

#include <ATen/ATen.h>

#include "engine/layers/image_linear.h"

namespace stampd::models::gemma2 {

Norm::Norm(const layers::WeightScope& scope, const Gemma2Config& config) : epsilon_(config.norm_epsilon) {
  const torch::Tensor weight = scope.Take("weight", {config.width});
  factors_ = weight.to(torch::kFloat32) + 1;
  scope.CountResident(static_cast<std::int64_t>(factors_.nbytes() - weight.nbytes()));
}

torch::Tensor Norm::Forward(const torch::Tensor& x) const {
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor scale = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(epsilon_));
  return (wide * scale).mul_(factors_).to(x.scalar_type());
}

Attention::Attention(const layers::WeightScope& scope, const Gemma2Config& config)
    : key_value_heads_(config.key_value_heads),
      head_width_(config.head_width),
      scale_(config.score_scale),
      cap_(config.score_cap),
      q_(layers::LoadTextLinear(scope, {"q_proj"}, config.width, config.heads * config.head_width, /*bias=*/false)),
      kv_(layers::LoadTextLinear(scope, {"k_proj", "v_proj"}, config.width, config.key_value_heads * config.head_width,
                                 /*bias=*/false)),
      out_(layers::LoadTextLinear(scope, {"o_proj"}, config.heads * config.head_width, config.width, /*bias=*/false)) {}

torch::Tensor Attention::Heads(const torch::Tensor& rows) const { return rows.unflatten(-1, {-1, head_width_}).transpose(0, 1); }

torch::Tensor Attention::Forward(const torch::Tensor& x, const RotaryTable& rotary, const torch::Tensor& hidden) const {
  const std::vector<torch::Tensor> keys_and_values = kv_->Forward(x).chunk(2, -1);
  const torch::Tensor keys = rotary.Turn(Heads(keys_and_values[0])).unsqueeze(1);
  const torch::Tensor values = Heads(keys_and_values[1]).unsqueeze(1);
  // [key_value_heads, heads that share them, tokens, head_width]
  const torch::Tensor queries = rotary.Turn(Heads(q_->Forward(x))).unflatten(0, {key_value_heads_, -1});
  // Step by step rather than fused: scores and weights are each rounded to the dtype, as the reference rounds them.
  torch::Tensor scores = at::matmul(queries, keys.transpose(-1, -2)).mul_(scale_);
  if (cap_) scores.div_(*cap_).tanh_().mul_(*cap_);
  scores.masked_fill_(hidden, -std::numeric_limits<double>::infinity());
  const torch::Tensor weights = at::softmax(scores, -1, torch::kFloat32).to(x.scalar_type());
  return out_->Forward(at::matmul(weights, values).flatten(0, 1).transpose(0, 1).flatten(1));
}

FeedForward::FeedForward(const layers::WeightScope& scope, const Gemma2Config& config)
    : gate_up_(layers::LoadTextLinear(scope, {"gate_proj", "up_proj"}, config.width, config.hidden_width, /*bias=*/false)),
      down_(layers::LoadTextLinear(scope, {"down_proj"}, config.hidden_width, config.width, /*bias=*/false)) {}

torch::Tensor FeedForward::Forward(const torch::Tensor& x) const {
  const std::vector<torch::Tensor> gate_and_up = gate_up_->Forward(x).chunk(2, -1);
  return down_->Forward(at::gelu(gate_and_up[0], "tanh").mul_(gate_and_up[1]));
}

Block::Block(const layers::WeightScope& scope, const Gemma2Config& config)
    : before_attention_(scope / "input_layernorm", config),
      attention_(scope / "self_attn", config),
      after_attention_(scope / "post_attention_layernorm", config),
      before_feed_forward_(scope / "pre_feedforward_layernorm", config),
      feed_forward_(scope / "mlp", config),
      after_feed_forward_(scope / "post_feedforward_layernorm", config) {}

torch::Tensor Block::Forward(const torch::Tensor& stream, const RotaryTable& rotary, const torch::Tensor& hidden) const {
  const torch::Tensor attended =
      stream + after_attention_.Forward(attention_.Forward(before_attention_.Forward(stream), rotary, hidden));
  return attended + after_feed_forward_.Forward(feed_forward_.Forward(before_feed_forward_.Forward(attended)));
}

}  // namespace stampd::models::gemma2
