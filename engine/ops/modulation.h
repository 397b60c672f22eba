#pragma once

#include <torch/types.h>

#include "engine/ops/segment.h"

namespace stampd::ops {

/// The pointwise parts of a block with adaptive layer norm (adaLN, DiT, arXiv 2212.09748). `x`, `y` [total_tokens, width];
/// `shift`, `scale`, `gate` [segments, width], of the same dtype: row s is for the tokens of segment s.
///
/// Each segment is computed by itself, so its bytes do not depend on what it is packed with: a vectorised loop rounds differently
/// from its own scalar tail, and neighbours would decide which of them a token meets.

/// LayerNorm(x) * (1 + scale) + shift; no learned affine, population variance.
torch::Tensor LayerNormModulate(const torch::Tensor& x, Segments segments, const torch::Tensor& shift, const torch::Tensor& scale,
                                double eps);

/// x <- x + gate * y, in place.
void GatedAdd(torch::Tensor& x, Segments segments, const torch::Tensor& gate, const torch::Tensor& y);

/// x <- x + y, in place.
void Add(torch::Tensor& x, Segments segments, const torch::Tensor& y);

}  // namespace stampd::ops
