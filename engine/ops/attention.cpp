#include "engine/ops/attention.h"

#include <cmath>

#include <ATen/Parallel.h>

#include "engine/kernels/attention.h"

namespace stampd::ops {
namespace {

using kernels::Bf16;
using kernels::TokenView;

constexpr int kQueriesPerTask = 192;

// [tokens, heads * head_dim] as [1, heads, tokens, head_dim], without a copy.
torch::Tensor SplitHeads(const torch::Tensor& x, int heads) {
  return x.unflatten(1, {heads, x.size(1) / heads}).transpose(0, 1).unsqueeze(0);
}

void AttendByLibrary(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads, torch::Tensor& out) {
  const torch::Tensor heads_apart =
      at::scaled_dot_product_attention(SplitHeads(q, heads), SplitHeads(k, heads), SplitHeads(v, heads));
  SplitHeads(out, heads).copy_(heads_apart);
}

// `rows` tokens from `first` of one head.
TokenView<Bf16> HeadOf(const torch::Tensor& x, std::int64_t head, int head_dim, std::int64_t first, std::int64_t rows) {
  auto* data = static_cast<Bf16*>(x.mutable_data_ptr()) + first * x.stride(0) + head * head_dim;
  return {data, static_cast<int>(rows), head_dim, static_cast<std::ptrdiff_t>(x.stride(0))};
}

TokenView<const Bf16> ReadOnly(TokenView<Bf16> view) { return {view.data, view.rows, view.width, view.stride}; }

void AttendByKernel(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads, torch::Tensor& out) {
  const std::int64_t queries = q.size(0), keys = k.size(0);
  const int head_dim = static_cast<int>(q.size(1)) / heads;
  const float scale = 1.f / std::sqrt(static_cast<float>(head_dim));
  const auto words = static_cast<std::int64_t>(kernels::cpu::PackedKeysAndValuesWords(static_cast<int>(keys), head_dim));
  const torch::Tensor packed = at::empty({heads, words}, torch::kInt32);
  const auto packed_head = [&](std::int64_t head) { return static_cast<std::uint32_t*>(packed.mutable_data_ptr()) + head * words; };

  at::parallel_for(0, heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t head = begin; head < end; ++head) {
      kernels::cpu::PackKeysAndValues(ReadOnly(HeadOf(k, head, head_dim, 0, keys)), ReadOnly(HeadOf(v, head, head_dim, 0, keys)),
                                      packed_head(head));
    }
  });
  const std::int64_t tasks_per_head = (queries + kQueriesPerTask - 1) / kQueriesPerTask;
  at::parallel_for(0, heads * tasks_per_head, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t head = task / tasks_per_head;
      const std::int64_t first = task % tasks_per_head * kQueriesPerTask;
      const std::int64_t rows = std::min<std::int64_t>(kQueriesPerTask, queries - first);
      kernels::cpu::AttendBf16(ReadOnly(HeadOf(q, head, head_dim, first, rows)), packed_head(head), static_cast<int>(keys), scale,
                               HeadOf(out, head, head_dim, first, rows));
    }
  });
}

bool KernelDoes(const torch::Tensor& x, int heads) {
  return x.device().is_cpu() && x.scalar_type() == torch::kBFloat16 &&
         kernels::cpu::CanAttendBf16(static_cast<int>(x.size(1)) / heads);
}

}  // namespace

void Attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads, torch::Tensor out) {
  if (KernelDoes(q, heads)) {
    AttendByKernel(q, k, v, heads, out);
  } else {
    AttendByLibrary(q, k, v, heads, out);
  }
}

}  // namespace stampd::ops
