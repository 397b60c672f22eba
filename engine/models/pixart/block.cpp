#include "engine/models/pixart/block.h"

namespace stampd::models::pixart {

Block::Block(const layers::WeightScope& scope, const PixArtConfig& config)
    : norm_eps_(config.norm_eps),
      scale_shift_table_(scope.Take("scale_shift_table", {6, config.width()})),
      attention_(scope / "attn1", config.heads, config.width(), config.attention_bias),
      attention_to_text_(scope / "attn2", {.width = config.width(),
                                           .text_width = config.cross_attention_dim,
                                           .heads = config.heads,
                                           .inner_width = config.width(),
                                           .bias = config.attention_bias}),
      feed_forward_(scope / "ff", config.width(), 4 * config.width()) {}

void Block::Forward(torch::Tensor& x, ops::Segments segments, const torch::Tensor& modulation,
                    std::span<const layers::KeysAndValues* const> texts) const {
  const std::vector<torch::Tensor> m = (modulation + scale_shift_table_).unbind(1);
  const torch::Tensor &shift_1 = m[0], &scale_1 = m[1], &gate_1 = m[2], &shift_2 = m[3], &scale_2 = m[4], &gate_2 = m[5];

  attention_.AddTo(x, segments, {shift_1, scale_1, norm_eps_}, gate_1);
  attention_to_text_.AddTo(x, segments, texts);
  feed_forward_.AddTo(x, segments, {shift_2, scale_2, norm_eps_}, gate_2);
}

}  // namespace stampd::models::pixart
