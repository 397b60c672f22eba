#pragma once

#include <torch/types.h>

namespace stampd::ops {

/// softmax(q kᵀ / sqrt(head_dim)) v for each head. `q` [queries, heads * head_dim], `k` and `v` [keys, heads * head_dim]; heads
/// lie side by side in a row. `out` gets [queries, heads * head_dim]. All may be rows of a pack, and parts of wider rows (a fused
/// projection's).
void Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads, torch::Tensor out);

}  // namespace stampd::ops
