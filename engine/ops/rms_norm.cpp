#include "engine/ops/rms_norm.h"

#include <algorithm>

#include "engine/kernels/pointwise.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

namespace cpu = kernels::cpu;

constexpr std::int64_t kRowsPerTask = 16;

torch::Tensor Wide(const torch::Tensor& x) { return x.defined() ? x.to(torch::kFloat32) : x; }

template <typename T>
const T* ElementsOf(const torch::Tensor& x) {
  return x.defined() ? static_cast<const T*>(x.const_data_ptr()) : nullptr;
}

}  // namespace

void Normalize(torch::Tensor x, const RmsNorm& norm) {
  if (!HasKernels(x.scalar_type())) {
    const torch::Tensor wide = Wide(x);
    Normalize(wide, {Wide(norm.weight), Wide(norm.bias), norm.eps});
    x.copy_(wide);
    return;
  }
  WithType(x.scalar_type(), [&]<typename T>(T) {
    const kernels::TokenView<T> all = ViewOf<T>(x);
    InParallel((x.size(0) + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task, Scratch& scratch) {
      const std::int64_t first = task * kRowsPerTask;
      const auto rows = Rows(all, first, static_cast<int>(std::min(kRowsPerTask, x.size(0) - first)));
      const kernels::TokenView<float> normalized = scratch.View(rows.rows, rows.width);
      cpu::RmsNorm<T>(ReadOnly(rows), ElementsOf<T>(norm.weight), ElementsOf<T>(norm.bias), static_cast<float>(norm.eps),
                      normalized);
      cpu::Narrow<T>(ReadOnly(normalized), rows);
    });
  });
}

}  // namespace stampd::ops
