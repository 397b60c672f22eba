#include "engine/ops/modulation.h"

#include "engine/kernels/pointwise.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

namespace cpu = kernels::cpu;

constexpr std::int64_t kRowsPerTask = 16;

torch::Tensor Wide(const torch::Tensor& x) { return x.defined() ? x.to(torch::kFloat32) : x; }

// f(block, scratch) for each block, scratch [block.rows, width].
template <typename F>
void ForEachBlock(Segments segments, int width, F f) {
  const std::vector<RowBlock> blocks = BlocksOf(segments, kRowsPerTask);
  InParallel(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t i, Scratch& scratch) {
    const RowBlock& block = blocks[static_cast<std::size_t>(i)];
    f(block, scratch.View(block.rows, width));
  });
}

}  // namespace

torch::Tensor LayerNormModulate(const torch::Tensor& x, Segments segments, const Norm& norm) {
  if (!HasKernels(x.scalar_type())) {
    return LayerNormModulate(Wide(x), segments, {Wide(norm.shift), Wide(norm.scale), norm.eps}).to(x.scalar_type());
  }
  torch::Tensor out = at::empty_like(x);
  WithType(x.scalar_type(), [&]<typename T>(T) {
    ForEachBlock(segments, static_cast<int>(x.size(1)), [&](const RowBlock& block, kernels::TokenView<float> scratch) {
      cpu::LayerNormModulate<T>(Rows(ViewOf<const T>(x), block.first, block.rows), RowOf<T>(norm.shift, block.segment),
                                RowOf<T>(norm.scale, block.segment), static_cast<float>(norm.eps), scratch);
      cpu::Narrow<T>(ReadOnly(scratch), Rows(ViewOf<T>(out), block.first, block.rows));
    });
  });
  return out;
}

void GatedAdd(torch::Tensor& x, Segments segments, const torch::Tensor& gate, const torch::Tensor& y) {
  if (!HasKernels(x.scalar_type())) {
    torch::Tensor wide = Wide(x);
    GatedAdd(wide, segments, Wide(gate), Wide(y));
    x.copy_(wide);
    return;
  }
  WithType(x.scalar_type(), [&]<typename T>(T) {
    ForEachBlock(segments, static_cast<int>(x.size(1)), [&](const RowBlock& block, kernels::TokenView<float> scratch) {
      cpu::Widen<T>(Rows(ViewOf<const T>(y), block.first, block.rows), scratch);
      cpu::GatedAdd<T>(Rows(ViewOf<T>(x), block.first, block.rows), RowOf<T>(gate, block.segment), ReadOnly(scratch));
    });
  });
}

}  // namespace stampd::ops
