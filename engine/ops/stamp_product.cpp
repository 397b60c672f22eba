#include "engine/ops/stamp_product.h"

#include <algorithm>
#include <memory>
#include <span>
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
// A task's outputs; the rows that share one unpacking of their weights, at least (if there are as many) and at most; and how many
// tasks a thread should have, so that it does not matter much that some have one more.
constexpr int kBlockOuts = 2 * kernels::kGemmPanel;
constexpr std::int64_t kLeastBlockRows = 256, kMostBlockRows = 2048;
constexpr std::int64_t kTasksPerThread = 4;

// Memory for blocks of fp32 that grows to the largest. A thread keeps its own: given back each time, its pages would have to be
// mapped and cleared anew.
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
    thread_local Scratch scratch;
    for (std::int64_t task = begin; task < end; ++task) f(task, scratch);
  });
}

std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Into as few blocks as keep the threads busy.
std::int64_t BlockRows(std::int64_t rows, std::int64_t out_blocks) {
  const std::int64_t wanted = CeilDiv(kTasksPerThread * at::get_num_threads(), out_blocks);
  return CeilDiv(rows, std::clamp(wanted, CeilDiv(rows, kMostBlockRows), CeilDiv(rows, kLeastBlockRows)));
}

// Consecutive blocks, of any segments, with that many rows together or a little more.
std::vector<std::span<const RowBlock>> Grouped(std::span<const RowBlock> blocks, std::int64_t rows) {
  std::vector<std::span<const RowBlock>> groups;
  std::int64_t in_group = rows;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (in_group >= rows) {
      groups.push_back(blocks.subspan(i, 0));
      in_group = 0;
    }
    groups.back() = {groups.back().data(), groups.back().size() + 1};
    in_group += blocks[i].rows;
  }
  return groups;
}

// end(block, first_out, y) gets each part of the product when all else is done to it.
template <typename F>
void ForEachPart(const StampProduct& product, Segments segments, F end) {
  const kernels::QuantizedTokens tokens = product.tokens.view();
  const kernels::QuantizedWeights weight = product.weight.view();
  const auto* const sums = product.sums.const_data_ptr<std::int32_t>();
  const float* const bias = product.bias.defined() ? product.bias.const_data_ptr<float>() : nullptr;
  const std::int64_t out_blocks = CeilDiv(weight.out, kBlockOuts), rows = BlockRows(tokens.rows, out_blocks);
  const std::vector<RowBlock> blocks = BlocksOf(segments, std::min(rows, kLeastBlockRows));
  const std::vector<std::span<const RowBlock>> groups = Grouped(blocks, rows);
  const auto row_blocks = static_cast<std::int64_t>(groups.size());
  InParallel(row_blocks * out_blocks, [&](std::int64_t task, Scratch& scratch) {
    const std::span<const RowBlock> group = groups[static_cast<std::size_t>(task % row_blocks)];
    const int out = static_cast<int>(task / row_blocks) * kBlockOuts, outs = std::min(kBlockOuts, weight.out - out);
    const std::int64_t first = group.front().first;
    const int group_rows = static_cast<int>(group.back().first - first) + group.back().rows;
    const TokenView<float> y = scratch.View(group_rows, outs);
    cpu::Multiply(tokens, weight, sums, {static_cast<int>(first), group_rows, out, outs}, y);
    for (const RowBlock& block : group) {
      const TokenView<float> part = Rows(y, block.first - first, block.rows);
      cpu::InverseAlongTokens(part, block.tiles, product.tiles);
      if (bias != nullptr) cpu::AddBias(part, bias + out);
      if (product.activation == Activation::kGeluTanh) cpu::GeluTanh(part);
      end(block, out, ReadOnly(part));
    }
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
