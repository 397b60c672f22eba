#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/ops/gated_depthwise.h"
#include "engine/ops/segment.h"

namespace stampd::layers {

/// SANA's Mix-FFN (arXiv 2410.10629), as diffusers' GLUMBConv stores it: conv_inverted to two hidden widths, SiLU, conv_depth, 3x3
/// on each channel of a segment's picture, whose second half gates the first, and conv_point. The 1x1 convolutions are linears over
/// tokens. Immutable, thread-safe.
class MixFeedForward {
 public:
  MixFeedForward(const WeightScope& scope, std::int64_t width, std::int64_t hidden_width);

  /// x <- x + gate * (what this makes of x, normed), [total_tokens, width]. Every segment must have a layout.
  void AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const;

 private:
  std::unique_ptr<const TokenLinear> inverted_;
  ops::DepthwiseFilters depth_;
  std::unique_ptr<const TokenLinear> point_;
};

}  // namespace stampd::layers
