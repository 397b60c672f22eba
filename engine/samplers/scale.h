#pragma once

#include <torch/types.h>

namespace stampd::samplers {

/// coefficient * x, as the reference multiplies: by a tensor without dimensions, on the left. LibTorch rounds such a coefficient
/// to the dtype of `x` on the CPU and does not on CUDA; a plain number, or one on the right, would be rounded on neither.
inline torch::Tensor Scale(float coefficient, const torch::Tensor& x) { return torch::scalar_tensor(coefficient) * x; }

}  // namespace stampd::samplers
