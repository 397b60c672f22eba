#pragma once

#include <torch/types.h>

#include "engine/kernels/linear_attention.h"

namespace stampd::ops {

using kernels::kMaxLinearHeadDim;

/// relu(q) (relu(k)ᵀ v), divided by its weights' sum, for each head (kernels/linear_attention.h). `q`, `k`, `v` and `out`
/// [tokens, heads * head_dim] on the CPU, of one dtype; heads lie side by side in a row. All may be rows of a pack, and parts of
/// wider rows. `head_dim` is at most kMaxLinearHeadDim. Computed in fp32, whatever the number of threads in the same order.
void LinearAttend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads, torch::Tensor out);

}  // namespace stampd::ops
