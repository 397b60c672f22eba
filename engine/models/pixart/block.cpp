#include "engine/models/pixart/block.h"

#include "engine/ops/modulation.h"

namespace stampd::models::pixart {

Block::Block(const layers::WeightScope& scope, const PixArtConfig& config)
    : norm_eps_(config.norm_eps),
      scale_shift_table_(scope.Take("scale_shift_table", {6, config.width()})),
      attention_(scope / "attn1", config.heads, config.width(), config.attention_bias),
      attention_to_text_(scope / "attn2", config.heads, config.width(), config.cross_attention_dim, config.attention_bias),
      feed_forward_(scope / "ff", config.width(), 4 * config.width()) {}

void Block::Forward(torch::Tensor& x, ops::Segments segments, const torch::Tensor& modulation,
                    std::span<const layers::KeysAndValues* const> texts) const {
  const std::vector<torch::Tensor> m = (modulation + scale_shift_table_).unbind(1);
  const torch::Tensor &shift_1 = m[0], &scale_1 = m[1], &gate_1 = m[2], &shift_2 = m[3], &scale_2 = m[4], &gate_2 = m[5];

  const torch::Tensor normed_1 = ops::LayerNormModulate(x, segments, shift_1, scale_1, norm_eps_);
  ops::GatedAdd(x, segments, gate_1, attention_.Forward(normed_1, segments));

  ops::Add(x, segments, attention_to_text_.Forward(x, segments, texts));

  const torch::Tensor normed_2 = ops::LayerNormModulate(x, segments, shift_2, scale_2, norm_eps_);
  ops::GatedAdd(x, segments, gate_2, feed_forward_.Forward(normed_2, segments));
}

}  // namespace stampd::models::pixart
