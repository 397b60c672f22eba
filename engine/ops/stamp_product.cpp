#include "engine/ops/stamp_product.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <ATen/Parallel.h>

#include "engine/kernels/pointwise.h"
#include "engine/kernels/w4a4_gemm.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

namespace cpu = kernels::cpu;
using kernels::TokenView;

// Tokens in fp32 of a block before the product: a quarter of a core's cache.
constexpr std::int64_t kRoundedBytes = 256 << 10;
// Rows that share one unpacking of some outputs' weights, and how many outputs.
constexpr std::int64_t kBlockRows = 1024;
constexpr int kBlockOuts = 2 * kernels::kGemmPanel;

// Memory for blocks of fp32 that grows to the largest.
class Scratch {
 public:
  TokenView<float> View(int rows, int width) {
    const std::size_t size = static_cast<std::size_t>(rows) * width;
    if (size > size_) floats_ = std::make_unique_for_overwrite<float[]>(size_ = size);
    return {floats_.get(), rows, width, width};
  }

 private:
  std::unique_ptr<float[]> floats_;
  std::size_t size_ = 0;
};

template <typename F>
void InParallel(std::int64_t tasks, F f) {
  at::parallel_for(0, tasks, 1, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch;
    for (std::int64_t task = begin; task < end; ++task) f(task, scratch);
  });
}

// end(block, first_out, y) gets each part of the product when all else is done to it.
template <typename F>
void ForEachPart(const StampProduct& product, Segments segments, F end) {
  const std::vector<RowBlock> blocks = BlocksOf(segments, kBlockRows);
  const kernels::QuantizedTokens tokens = product.tokens.view();
  const kernels::QuantizedWeights weight = product.weight.view();
  const auto* const sums = product.sums.const_data_ptr<std::int32_t>();
  const float* const bias = product.bias.defined() ? product.bias.const_data_ptr<float>() : nullptr;
  const auto row_blocks = static_cast<std::int64_t>(blocks.size());
  const std::int64_t out_blocks = (weight.out + kBlockOuts - 1) / kBlockOuts;
  InParallel(row_blocks * out_blocks, [&](std::int64_t task, Scratch& scratch) {
    const RowBlock& block = blocks[static_cast<std::size_t>(task % row_blocks)];
    const int out = static_cast<int>(task / row_blocks) * kBlockOuts, outs = std::min(kBlockOuts, weight.out - out);
    const TokenView<float> y = scratch.View(block.rows, outs);
    cpu::Multiply(tokens, weight, sums, {static_cast<int>(block.first), block.rows, out, outs}, y);
    cpu::InverseAlongTokens(y, block.tiles, product.tiles);
    if (bias != nullptr) cpu::AddBias(y, bias + out);
    if (product.activation == Activation::kGeluTanh) cpu::GeluTanh(y);
    end(block, out, ReadOnly(y));
  });
}

template <typename T>
TokenView<T> Part(const torch::Tensor& x, const RowBlock& block, int first, int width) {
  const TokenView<T> rows = Rows(ViewOf<T>(x), block.first, block.rows);
  return {rows.data + first, rows.rows, width, rows.stride};
}

}  // namespace

QuantizedTokens RoundTokens(const torch::Tensor& x, Segments segments, const Norm* norm, std::span<const std::uint8_t> bits,
                            const TokenSteps& steps) {
  const int width = static_cast<int>(x.size(1));
  QuantizedTokens rounded = EmptyTokens(x.size(0), width, steps.groups);
  const kernels::QuantizedTokens out = rounded.view();
  const auto fitting = kRoundedBytes / static_cast<std::int64_t>(sizeof(float)) / width;
  const std::vector<RowBlock> blocks = BlocksOf(segments, std::max<std::int64_t>(1, fitting));
  WithType(x.scalar_type(), [&]<typename T>(T) {
    InParallel(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t task, Scratch& scratch) {
      const RowBlock& block = blocks[static_cast<std::size_t>(task)];
      const TokenView<const T> from = Rows(ViewOf<const T>(x), block.first, block.rows);
      const TokenView<float> rows = scratch.View(block.rows, width);
      if (norm == nullptr) {
        cpu::Widen<T>(from, rows);
      } else {
        cpu::LayerNormModulate<T>(from, RowOf<T>(norm->shift, block.segment), RowOf<T>(norm->scale, block.segment),
                                  static_cast<float>(norm->eps), rows);
      }
      cpu::TransformFeatures(rows, steps.features);
      cpu::ForwardAlongTokens(rows, block.tiles, steps.tiles);
      cpu::QuantizeTokens(ReadOnly(rows), bits.data() + block.first, steps.rounding,
                          out.Rows(static_cast<int>(block.first), block.rows));
    });
  });
  return rounded;
}

torch::Tensor Multiply(const StampProduct& product, Segments segments, torch::ScalarType dtype) {
  torch::Tensor y = at::empty({product.tokens.codes.size(0), product.weight.out()}, dtype);
  WithType(dtype, [&]<typename T>(T) {
    ForEachPart(product, segments, [&](const RowBlock& block, int out, TokenView<const float> part) {
      cpu::Narrow<T>(part, Part<T>(y, block, out, part.width));
    });
  });
  return y;
}

void MultiplyAdd(const StampProduct& product, Segments segments, const torch::Tensor& gate, torch::Tensor& x) {
  WithType(x.scalar_type(), [&]<typename T>(T) {
    ForEachPart(product, segments, [&](const RowBlock& block, int out, TokenView<const float> part) {
      const T* const gates = RowOf<T>(gate, block.segment);
      cpu::GatedAdd<T>(Part<T>(x, block, out, part.width), gates == nullptr ? nullptr : gates + out, part);
    });
  });
}

}  // namespace stampd::ops
