#include "engine/ops/rms_norm.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "engine/kernels/pointwise.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

namespace cpu = kernels::cpu;

constexpr std::int64_t kRowsPerTask = 16;

bool KernelsTake(const torch::Tensor& x) { return x.is_cpu() && HasKernels(x.scalar_type()); }

torch::Tensor NormalizedByLibrary(const torch::Tensor& x, const RmsNorm& norm) {
  const torch::Tensor wide = x.to(torch::kFloat32);
  const torch::Tensor scaled = wide * at::rsqrt(wide.square().mean(1, /*keepdim=*/true) + norm.eps);
  const torch::Tensor weighted = scaled * norm.weight.to(torch::kFloat32);
  return (norm.bias.defined() ? weighted + norm.bias.to(torch::kFloat32) : weighted).to(x.scalar_type());
}

template <typename T>
const T* ElementsOf(const torch::Tensor& x) {
  return x.defined() ? static_cast<const T*>(x.const_data_ptr()) : nullptr;
}

// f(rows of x, the same rows of y normalized), block by block.
template <typename T, typename F>
void ForEachBlock(const torch::Tensor& x, const torch::Tensor& y, const RmsNorm& norm, F f) {
  const kernels::TokenView<T> to = ViewOf<T>(x), from = ViewOf<T>(y);
  InParallel((x.size(0) + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task, Scratch& scratch) {
    const std::int64_t first = task * kRowsPerTask;
    const int count = static_cast<int>(std::min(kRowsPerTask, x.size(0) - first));
    const kernels::TokenView<float> normalized = scratch.View(count, to.width);
    cpu::RmsNorm<T>(ReadOnly(Rows(from, first, count)), ElementsOf<T>(norm.weight), ElementsOf<T>(norm.bias),
                    static_cast<float>(norm.eps), normalized);
    f(Rows(to, first, count), ReadOnly(normalized));
  });
}

}  // namespace

void Normalize(torch::Tensor x, const RmsNorm& norm) {
  if (!KernelsTake(x)) {
    x.copy_(NormalizedByLibrary(x, norm));
    return;
  }
  WithType(x.scalar_type(), [&]<typename T>(T) {
    ForEachBlock<T>(x, x, norm,
                    [](kernels::TokenView<T> to, kernels::TokenView<const float> normalized) { cpu::Narrow<T>(normalized, to); });
  });
}

void AddNormalized(torch::Tensor x, const torch::Tensor& y, const RmsNorm& norm) {
  if (!KernelsTake(x)) {
    x.add_(NormalizedByLibrary(y, norm));
    return;
  }
  WithType(x.scalar_type(), [&]<typename T>(T) {
    ForEachBlock<T>(x, y, norm, [](kernels::TokenView<T> to, kernels::TokenView<const float> normalized) {
      cpu::GatedAdd<T>(to, nullptr, normalized);
    });
  });
}

}  // namespace stampd::ops
