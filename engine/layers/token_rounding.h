#pragma once

#include <cstdint>

#include <torch/types.h>

#include "engine/ops/modulation.h"
#include "engine/ops/quantized_tokens.h"
#include "engine/ops/segment.h"
#include "engine/quant/linear_recipe.h"

namespace stampd::layers {

/// The activations' side of a recipe. Immutable, thread-safe.
class TokenRounding {
 public:
  /// `smooth_scales` float32 [width], or undefined.
  TokenRounding(const quant::LinearRecipe& recipe, const torch::Tensor& smooth_scales);

  std::int64_t resident_bytes() const;
  kernels::TileTransform tiles() const { return recipe_.tile_transform(); }

  /// Q(L X R) of packed tokens [total_tokens, width] in a dtype that has kernels, layer-normed first if `norm` is given. Each
  /// segment has a layout, or the recipe needs no grid; it has no control.
  ops::QuantizedTokens Round(const torch::Tensor& x, ops::Segments segments, const ops::Norm* norm) const;

  /// x as rounding leaves it, float32 [total_tokens, width]: L⁻¹ Q(L X R) R⁻¹, under the recipe's control. `x` of any
  /// floating-point type.
  torch::Tensor RoundTrip(const torch::Tensor& x, ops::Segments segments) const;

 private:
  kernels::FeatureTransform features() const;

  quant::LinearRecipe recipe_;
  torch::Tensor smooth_scales_;
  torch::Tensor factors_;  // 1 / smooth_scales_
};

}  // namespace stampd::layers
