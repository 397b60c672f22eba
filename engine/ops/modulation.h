#pragma once

#include <torch/types.h>

#include "engine/ops/segment.h"

namespace stampd::ops {

/// The pointwise parts of a block with adaptive layer norm (adaLN, DiT, arXiv 2212.09748), by kernels/pointwise.h: in fp32, and
/// rounded to the tokens' dtype once at the end. `x`, `y` [total_tokens, width] on the CPU, and tables [segments, width] of the
/// same dtype: row s is for the tokens of segment s. A token's bytes depend on nothing but that token.

/// A layer norm without learned affine, modulated.
struct Norm {
  torch::Tensor shift, scale;  // [segments, width]
  double eps = 1e-6;
};

/// LayerNorm(x) * (1 + scale) + shift, population variance.
torch::Tensor LayerNormModulate(const torch::Tensor& x, Segments segments, const Norm& norm);

/// x <- x + gate * y, in place; x + y where `gate` is undefined.
void GatedAdd(torch::Tensor& x, Segments segments, const torch::Tensor& gate, const torch::Tensor& y);

}  // namespace stampd::ops
