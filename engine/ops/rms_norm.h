#pragma once

#include <torch/types.h>

namespace stampd::ops {

/// A root mean square norm over channels (arXiv 1910.07467): x / sqrt(mean(x^2) + eps) * weight + bias.
struct RmsNorm {
  torch::Tensor weight;  // [width], of the rows' dtype
  torch::Tensor bias;    // [width], of the rows' dtype, or undefined
  double eps = 1e-5;
};

/// Both are in fp32 and round the norm to the rows' dtype once, at its end. Rows [rows, width], whose channels lie side by side; a
/// row's bytes depend on nothing but that row. On the CPU fp32 and bf16 are done by kernels/pointwise.h.

/// x <- norm(x).
void Normalize(torch::Tensor x, const RmsNorm& norm);

/// x <- x + norm(y).
void AddNormalized(torch::Tensor x, const torch::Tensor& y, const RmsNorm& norm);

}  // namespace stampd::ops
