#include "engine/models/sana/block.h"

namespace stampd::models::sana {

Block::Block(const layers::WeightScope& scope, const SanaConfig& config)
    : norm_eps_(config.norm_eps),
      scale_shift_table_(scope.Take("scale_shift_table", {6, config.width()})),
      attention_(scope / "attn1", config.heads, config.width(), config.attention_bias, config.qk_norm),
      attention_to_text_(scope / "attn2", {.width = config.width(),
                                           .text_width = config.width(),
                                           .heads = config.cross_heads,
                                           .inner_width = config.cross_width(),
                                           .qk_norm = config.qk_norm}),
      feed_forward_(scope / "ff", config.width(), config.hidden_width()) {}

void Block::Forward(torch::Tensor& x, ops::Segments segments, const torch::Tensor& modulation,
                    std::span<const layers::KeysAndValues* const> texts) const {
  const std::vector<torch::Tensor> m = (modulation + scale_shift_table_).unbind(1);
  const torch::Tensor &shift_1 = m[0], &scale_1 = m[1], &gate_1 = m[2], &shift_2 = m[3], &scale_2 = m[4], &gate_2 = m[5];

  attention_.AddTo(x, segments, {shift_1, scale_1, norm_eps_}, gate_1);
  attention_to_text_.AddTo(x, segments, texts);
  feed_forward_.AddTo(x, segments, {shift_2, scale_2, norm_eps_}, gate_2);
}

}  // namespace stampd::models::sana
