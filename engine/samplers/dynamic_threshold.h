#pragma once

#include <torch/types.h>

namespace stampd::samplers {

/// Imagen's dynamic thresholding (arXiv:2205.11487, 2.3) of one sample: clips at the `ratio` quantile s of |x0|, s itself clipped
/// to 1 … max_value, and divides by s. In float32; the result has the dtype of `x0`.
torch::Tensor DynamicThreshold(const torch::Tensor& x0, double ratio, double max_value);

}  // namespace stampd::samplers
