#pragma once

#include <torch/types.h>

#include "engine/ops/segment.h"

namespace stampd::ops {

/// A 3x3 filter for each channel.
struct DepthwiseFilters {
  torch::Tensor taps;  // float32 [9, channels], in raster order
  torch::Tensor bias;  // float32 [channels]
};

/// y[c] * SiLU(y[width + c]) where y is each segment's picture, padded with zeros and filtered channel by channel
/// (kernels/gated_depthwise.h). `x` [total_tokens, 2 * width] on the CPU; returns [total_tokens, width]. Every segment must have a
/// layout. Computed in fp32 and rounded to the tokens' dtype once.
torch::Tensor GatedDepthwise(const torch::Tensor& x, Segments segments, const DepthwiseFilters& filters);

}  // namespace stampd::ops
