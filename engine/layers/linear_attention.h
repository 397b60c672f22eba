#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include "engine/layers/query_key_norm.h"
#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/ops/segment.h"

namespace stampd::layers {

/// Linear attention among the tokens of each segment (SANA, arXiv 2410.10629), as diffusers' Attention with its
/// SanaLinearAttnProcessor stores it: to_q, to_k, to_v, with biases if `bias`, norm_q and norm_k if `qk_norm`, and to_out.0, always
/// with a bias. Immutable, thread-safe.
class LinearAttention {
 public:
  LinearAttention(const WeightScope& scope, int heads, std::int64_t width, bool bias, bool qk_norm);

  /// x <- x + gate * (what this makes of x, normed), [total_tokens, width].
  void AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const;

 private:
  int heads_;
  std::unique_ptr<const TokenLinear> to_qkv_;
  QueryKeyNorm norm_;
  std::unique_ptr<const TokenLinear> to_out_;
};

}  // namespace stampd::layers
