#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/ops/segment.h"

namespace stampd::models::dit {

/// Tokens as a prediction: normed, modulated by scale_shift_table and the condition's embedding, then proj_out. Immutable,
/// thread-safe.
class FinalLayer {
 public:
  FinalLayer(const layers::WeightScope& scope, std::int64_t width, int patch_size, int out_channels);

  /// `x` [total_tokens, width], `embeddings` [segments, width]. Returns a latent [out_channels, height, width] for each segment,
  /// all of which have layouts.
  std::vector<torch::Tensor> Forward(const torch::Tensor& x, ops::Segments segments, const torch::Tensor& embeddings) const;

 private:
  int patch_size_;
  torch::Tensor scale_shift_table_;  // [2, width]: shift, scale
  std::unique_ptr<const layers::TokenLinear> projection_;
};

}  // namespace stampd::models::dit
