#include "engine/ops/linear_attention.h"

#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

namespace cpu = kernels::cpu;

template <typename T>
kernels::TokenView<T> HeadOf(kernels::TokenView<T> x, std::int64_t head, int head_dim) {
  return {x.data + head * head_dim, x.rows, head_dim, x.stride};
}

}  // namespace

void LinearAttend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads, torch::Tensor out) {
  if (!HasKernels(q.scalar_type())) {
    const torch::Tensor wide = at::empty(out.sizes(), torch::kFloat32);
    LinearAttend(q.to(torch::kFloat32), k.to(torch::kFloat32), v.to(torch::kFloat32), heads, wide);
    out.copy_(wide);
    return;
  }
  const int head_dim = static_cast<int>(q.size(1)) / heads;
  const auto count = static_cast<int>(cpu::LinearAttentionSums(head_dim));
  WithType(q.scalar_type(), [&]<typename T>(T) {
    const auto queries = ViewOf<const T>(q), keys = ViewOf<const T>(k), values = ViewOf<const T>(v);
    const auto results = ViewOf<T>(out);
    InParallel(heads, [&](std::int64_t head, Scratch& scratch) {
      float* const sums = scratch.View(1, count).data;
      cpu::SumKeysAndValues<T>(HeadOf(keys, head, head_dim), HeadOf(values, head, head_dim), sums);
      cpu::LinearAttend<T>(HeadOf(queries, head, head_dim), sums, HeadOf(results, head, head_dim));
    });
  });
}

}  // namespace stampd::ops
