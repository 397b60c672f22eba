#include "engine/ops/attention.h"

namespace stampd::ops {
namespace {

// [tokens, heads * head_dim] as [1, heads, tokens, head_dim], without a copy.
torch::Tensor SplitHeads(const torch::Tensor& x, int heads) {
  return x.unflatten(1, {heads, x.size(1) / heads}).transpose(0, 1).unsqueeze(0);
}

}  // namespace

torch::Tensor Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads) {
  const torch::Tensor out = at::scaled_dot_product_attention(SplitHeads(q, heads), SplitHeads(k, heads), SplitHeads(v, heads));
  return out.squeeze(0).transpose(0, 1).flatten(1);
}

}  // namespace stampd::ops
