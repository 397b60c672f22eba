#pragma once

#include <span>

#include <torch/types.h>

#include "engine/layers/attention.h"
#include "engine/layers/linear_attention.h"
#include "engine/layers/mix_feed_forward.h"
#include "engine/layers/weights.h"
#include "engine/models/sana/config.h"
#include "engine/ops/segment.h"

namespace stampd::models::sana {

/// Linear attention, attention to the text, Mix-FFN, each added to what comes in. The first and the last see it normed and
/// modulated and are gated; the attention to the text sees it as it is. Immutable, thread-safe.
class Block {
 public:
  Block(const layers::WeightScope& scope, const SanaConfig& config);

  layers::KeysAndValues PrepareText(const torch::Tensor& text) const { return attention_to_text_.Prepare(text); }

  /// `x` [total_tokens, width], in place. `modulation` [segments, 6, width], see dit::Condition; `texts` one for each segment.
  void Forward(torch::Tensor& x, ops::Segments segments, const torch::Tensor& modulation,
               std::span<const layers::KeysAndValues* const> texts) const;

 private:
  double norm_eps_;
  torch::Tensor scale_shift_table_;  // [6, width]
  layers::LinearAttention attention_;
  layers::CrossAttention attention_to_text_;
  layers::MixFeedForward feed_forward_;
};

}  // namespace stampd::models::sana
