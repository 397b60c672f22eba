#pragma once

#include <torch/types.h>

namespace stampd::ops {

/// A root mean square norm over channels (arXiv 1910.07467): x / sqrt(mean(x^2) + eps) * weight + bias.
struct RmsNorm {
  torch::Tensor weight;  // [width], of the rows' dtype
  torch::Tensor bias;    // [width], of the rows' dtype, or undefined
  double eps = 1e-5;
};

/// x <- norm(x), in fp32 and rounded once (kernels/pointwise.h). `x` [rows, width] on the CPU, whose channels lie side by side; a
/// row's bytes depend on nothing but that row.
void Normalize(torch::Tensor x, const RmsNorm& norm);

}  // namespace stampd::ops
