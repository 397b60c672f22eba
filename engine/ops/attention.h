#pragma once

#include <torch/types.h>

namespace stampd::ops {

/// softmax(q kᵀ / sqrt(head_dim)) v for each head. `q` [queries, heads * head_dim], `k` and `v` [keys, heads * head_dim]; heads
/// lie side by side in a row. Rows may be parts of wider rows (a fused projection's). Returns [queries, heads * head_dim].
torch::Tensor Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads);

}  // namespace stampd::ops
