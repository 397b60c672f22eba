#include "engine/ops/stamp_product.h"

#include <algorithm>
#include <span>
#include <utility>
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
// Of a product: rows that share one unpacking of weights, at least (if there are as many) and at most; rows that are finished at a
// time, while they lie in a core's cache beside the weights; and how many tasks a thread should have, so that it does not matter
// much that some have one more.
constexpr std::int64_t kLeastGroupRows = 256, kMostGroupRows = 2048;
constexpr std::int64_t kBlockRows = 96;
constexpr std::int64_t kTasksPerThread = 4;

std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// How a product is cut into tasks: outputs by whole panels that fit a core's cache, into as many blocks as threads or a multiple of
// that; rows into as few groups as keep the threads busy.
struct Tasks {
  Tasks(std::int64_t rows, int outs, int fitting_outs) : outs(outs) {
    const std::int64_t threads = at::get_num_threads(), panels = CeilDiv(outs, kernels::kGemmPanel);
    out_blocks = std::min(panels, CeilDiv(CeilDiv(outs, fitting_outs), threads) * threads);
    const std::int64_t wanted = CeilDiv(kTasksPerThread * threads, out_blocks);
    group_rows = CeilDiv(rows, std::clamp(wanted, CeilDiv(rows, kMostGroupRows), CeilDiv(rows, kLeastGroupRows)));
  }

  // Blocks differ by a panel at most, and so do threads' shares.
  int first_out(std::int64_t block) const {
    const std::int64_t panels = CeilDiv(outs, kernels::kGemmPanel);
    return static_cast<int>(std::min<std::int64_t>(outs, panels * block / out_blocks * kernels::kGemmPanel));
  }

  int outs;
  std::int64_t out_blocks;
  std::int64_t group_rows;
};

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

template <typename T>
TokenView<T> Part(const torch::Tensor& x, const RowBlock& block, int first, int width) {
  const TokenView<T> rows = Rows(ViewOf<T>(x), block.first, block.rows);
  return {rows.data + first, rows.rows, width, rows.stride};
}

// A tile at a time, whose rows stay in the first-level cache, or all rows where there are none. end(y, to) gets each when all else
// is done to it.
template <typename T, typename F>
void Finish(const StampProduct& product, std::span<const Tile> tiles, const float* bias, TokenView<float> y, TokenView<T> to,
            F end) {
  const auto finish = [&](std::span<const Tile> some, int first, int count) {
    const TokenView<float> rows = Rows(y, first, count);
    cpu::InverseAlongTokens(rows, some, product.tiles);
    if (bias != nullptr) cpu::AddBias(rows, bias);
    if (product.activation == Activation::kGeluTanh) cpu::GeluTanh(rows);
    if (product.activation == Activation::kSilu) cpu::Silu(rows);
    end(ReadOnly(rows), Rows(to, first, count));
  };
  if (tiles.empty()) finish({}, 0, y.rows);
  for (Tile tile : tiles) {
    const int first = std::exchange(tile.first_row, 0);
    finish({&tile, 1}, first, tile.side * tile.side);
  }
}

// end(segment, first_out, y, to) gets the results and the part of `to` that they belong to.
template <typename T, typename F>
void ForEachPart(const StampProduct& product, Segments segments, const torch::Tensor& to, F end) {
  const kernels::QuantizedTokens tokens = product.tokens.view();
  const kernels::QuantizedWeights weight = product.weight.view();
  const auto* const sums = product.sums.const_data_ptr<std::int32_t>();
  const float* const bias = product.bias.defined() ? product.bias.const_data_ptr<float>() : nullptr;
  const Tasks tasks(tokens.rows, weight.out, cpu::UnpackedWeights::FittingOuts(weight.in, tokens.groups));
  const std::vector<RowBlock> blocks = BlocksOf(segments, kBlockRows);
  const std::vector<std::span<const RowBlock>> groups = Grouped(blocks, tasks.group_rows);
  const auto row_groups = static_cast<std::int64_t>(groups.size());
  InParallel(row_groups * tasks.out_blocks, [&](std::int64_t task, Scratch& scratch) {
    const int out = tasks.first_out(task / row_groups), outs = tasks.first_out(task / row_groups + 1) - out;
    const cpu::UnpackedWeights unpacked(weight.Rows(out, outs), sums + static_cast<std::ptrdiff_t>(out) * tokens.groups,
                                        tokens.groups);
    for (const RowBlock& block : groups[static_cast<std::size_t>(task % row_groups)]) {
      const TokenView<float> y = scratch.View(block.rows, outs);
      const TokenView<T> part = Part<T>(to, block, out, outs);
      constexpr auto kBytes = static_cast<int>(sizeof(T));
      unpacked.Multiply(tokens.Rows(static_cast<int>(block.first), block.rows), y, {part.data, part.stride * kBytes, kBytes});
      Finish(product, block.tiles, bias == nullptr ? nullptr : bias + out, y, part,
             [&](TokenView<const float> from, TokenView<T> rows) { end(block.segment, out, from, rows); });
    }
  });
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
    ForEachPart<T>(product, segments, y,
                   [](std::int64_t, int, TokenView<const float> from, TokenView<T> to) { cpu::Narrow<T>(from, to); });
  });
  return y;
}

void MultiplyAdd(const StampProduct& product, Segments segments, const torch::Tensor& gate, torch::Tensor& x) {
  WithType(x.scalar_type(), [&]<typename T>(T) {
    ForEachPart<T>(product, segments, x, [&](std::int64_t segment, int out, TokenView<const float> from, TokenView<T> to) {
      const T* const gates = RowOf<T>(gate, segment);
      cpu::GatedAdd<T>(to, gates == nullptr ? nullptr : gates + out, from);
    });
  });
}

}  // namespace stampd::ops
