#pragma once

#include <memory>
#include <span>

#include <torch/types.h>

#include "engine/layers/query_key_norm.h"
#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/ops/segment.h"

namespace stampd::layers {

/// Multi-head softmax attention as diffusers' Attention stores it: to_q, to_k, to_v, with biases if `bias`, and to_out.0, always
/// with one. Immutable, thread-safe.

/// Among the tokens of each segment.
class SelfAttention {
 public:
  SelfAttention(const WeightScope& scope, int heads, std::int64_t width, bool bias);

  /// x <- x + gate * (what this makes of x, normed), [total_tokens, width].
  void AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const;

 private:
  int heads_;
  std::unique_ptr<const TokenLinear> to_qkv_;
  std::unique_ptr<const TokenLinear> to_out_;
};

/// Keys and values of one text for one layer, [text_tokens, inner_width] each.
struct KeysAndValues {
  torch::Tensor keys;
  torch::Tensor values;
};

struct CrossAttentionShape {
  std::int64_t width = 0;       // of the tokens
  std::int64_t text_width = 0;  // of the text's
  int heads = 1;
  std::int64_t inner_width = 0;  // of all heads together
  bool bias = true;
  bool qk_norm = false;  // norm_q and norm_k, across heads
};

/// From the tokens of each segment to a text of its own.
class CrossAttention {
 public:
  CrossAttention(const WeightScope& scope, const CrossAttentionShape& shape);

  /// `text` [text_tokens, text_width]. Depends on neither image nor timestep.
  KeysAndValues Prepare(const torch::Tensor& text) const;

  /// x <- x + (what this makes of x), [total_tokens, width]; `texts` one for each segment.
  void AddTo(torch::Tensor& x, ops::Segments segments, std::span<const KeysAndValues* const> texts) const;

 private:
  int heads_;
  std::unique_ptr<const TokenLinear> to_q_;
  std::unique_ptr<const TokenLinear> to_kv_;
  QueryKeyNorm norm_;
  std::unique_ptr<const TokenLinear> to_out_;
};

}  // namespace stampd::layers
