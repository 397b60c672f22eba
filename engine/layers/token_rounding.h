#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "engine/ops/quantized_tokens.h"
#include "engine/ops/segment.h"
#include "engine/quant/linear_recipe.h"

namespace stampd::layers {

/// Q(L X R) of packed tokens, with what is needed to come back from it.
struct RoundedTokens {
  ops::QuantizedTokens tokens;
  torch::Tensor order;  // int64: row i of `tokens` is row order[i] of x; undefined: the same row
  torch::Tensor means;  // float32 [segments, width], through R, taken out before rounding; undefined unless the recipe says so
};

/// The activations' side of a recipe. Immutable, thread-safe.
class TokenRounding {
 public:
  /// `smooth_scales` float32 [width], or undefined.
  TokenRounding(const quant::LinearRecipe& recipe, const torch::Tensor& smooth_scales);

  std::int64_t resident_bytes() const;

  /// `x` [total_tokens, width] of any floating-point type; each segment has a layout.
  RoundedTokens Round(const torch::Tensor& x, ops::Segments segments) const;

  /// L⁻¹ y, rows back in x's order: `y` float32 [total_tokens, any width], computed from `rounded` row by row. Uses `y` up.
  torch::Tensor Restore(torch::Tensor y, const RoundedTokens& rounded, ops::Segments segments) const;

  /// x as rounding leaves it, float32 [total_tokens, width]: (L⁻¹ Q(L X R) + means) R⁻¹.
  torch::Tensor RoundTrip(const torch::Tensor& x, ops::Segments segments) const;

 private:
  kernels::FeatureTransform features() const;

  quant::LinearRecipe recipe_;
  torch::Tensor smooth_scales_;
  torch::Tensor factors_;  // 1 / smooth_scales_
};

}  // namespace stampd::layers
