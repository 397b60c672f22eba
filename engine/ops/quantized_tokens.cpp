#include "engine/ops/quantized_tokens.h"

#include <algorithm>
#include <vector>

#include <ATen/Parallel.h>

#include "engine/kernels/w4a4_gemm.h"

namespace stampd::ops {
namespace {

using kernels::TokenView;

constexpr std::int64_t kRowsPerTask = 16;
// Of a product: rows that share the unpacking of weights, the fewest and the most; and panels of outputs that each thread should
// have, so that it does not matter much that some have one more.
constexpr std::int64_t kLeastBlockRows = 256;
constexpr std::int64_t kMostBlockRows = 2048;
constexpr std::int64_t kPanelsPerThread = 8;

std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

TokenView<float> View(torch::Tensor& x) {
  return {x.data_ptr<float>(), static_cast<int>(x.size(0)), static_cast<int>(x.size(1)), x.stride(0)};
}

TokenView<float> Rows(TokenView<float> x, std::int64_t first, std::int64_t count) {
  return {x.row(static_cast<int>(first)), static_cast<int>(count), x.width, x.stride};
}

struct PlacedTile {
  std::int64_t segment_first;
  Tile tile;
};

template <typename Transform>
void ForEachTile(torch::Tensor& x, Segments segments, const Transform& transform) {
  std::vector<PlacedTile> tiles;
  for (const Segment& segment : segments) {
    for (const Tile& tile : segment.layout->tiles()) tiles.push_back({segment.first, tile});
  }
  const TokenView<float> view = View(x);
  at::parallel_for(0, static_cast<std::int64_t>(tiles.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto& [first, tile] = tiles[static_cast<std::size_t>(i)];
      transform(Rows(view, first, view.rows - first), tile);
    }
  });
}

}  // namespace

void TransformFeatures(torch::Tensor& x, const kernels::FeatureTransform& transform) {
  const TokenView<float> view = View(x);
  at::parallel_for(0, x.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    kernels::cpu::TransformFeatures(Rows(view, begin, end - begin), transform);
  });
}

void ForwardAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform) {
  ForEachTile(x, segments, [&](TokenView<float> rows, const Tile& tile) {
    kernels::cpu::ForwardAlongTokens(rows, {&tile, 1}, transform);
  });
}

void InverseAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform) {
  ForEachTile(x, segments, [&](TokenView<float> rows, const Tile& tile) {
    kernels::cpu::InverseAlongTokens(rows, {&tile, 1}, transform);
  });
}

kernels::QuantizedTokens QuantizedTokens::view() const {
  return {.codes = codes.data_ptr<std::uint8_t>(),
          .scales = scales.data_ptr<float>(),
          .zeros = zeros.data_ptr<std::uint8_t>(),
          .rows = static_cast<int>(codes.size(0)),
          .width = static_cast<int>(codes.size(1)),
          .groups = static_cast<int>(scales.size(1))};
}

QuantizedTokens QuantizeTokens(const torch::Tensor& x, std::span<const std::uint8_t> bits, int groups,
                               const kernels::TokenRounding& rounding) {
  QuantizedTokens quantized{.codes = at::empty(x.sizes(), torch::kUInt8),
                            .scales = at::empty({x.size(0), groups}, torch::kFloat32),
                            .zeros = at::empty({x.size(0), groups}, torch::kUInt8)};
  const kernels::QuantizedTokens view = quantized.view();
  const float* const data = x.data_ptr<float>();
  at::parallel_for(0, x.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    const int rows = static_cast<int>(end - begin);
    kernels::cpu::QuantizeTokens({data + begin * x.size(1), rows, view.width, x.size(1)}, bits.data() + begin, rounding,
                                 view.Rows(static_cast<int>(begin), rows));
  });
  return quantized;
}

torch::Tensor Dequantize(const QuantizedTokens& x) {
  torch::Tensor values = at::empty(x.codes.sizes(), torch::kFloat32);
  kernels::cpu::DequantizeTokens(x.view(), View(values));
  return values;
}

namespace {

// Into how many blocks the rows of a product are split: as few as keep the threads busy.
std::int64_t RowBlocks(std::int64_t rows, std::int64_t panels) {
  const std::int64_t wanted = CeilDiv(kPanelsPerThread * at::get_num_threads(), panels);
  return std::clamp(wanted, CeilDiv(rows, kMostBlockRows), CeilDiv(rows, kLeastBlockRows));
}

}  // namespace

torch::Tensor Multiply(const QuantizedTokens& x, const QuantizedWeight& weight, const torch::Tensor& sums) {
  const std::int64_t rows = x.codes.size(0), outs = weight.out();
  torch::Tensor y = at::empty({rows, outs}, torch::kFloat32);
  if (rows == 0) return y;
  const std::int64_t panels = CeilDiv(outs, kernels::kGemmPanel);
  const std::int64_t block_rows = CeilDiv(rows, RowBlocks(rows, panels)), row_blocks = CeilDiv(rows, block_rows);
  at::parallel_for(0, row_blocks * panels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t next; begin < end; begin = next) {
      next = std::min(end, (begin / panels + 1) * panels);  // a thread's panels of one block of rows are one call
      const std::int64_t row = begin / panels * block_rows, out = begin % panels * kernels::kGemmPanel;
      const kernels::GemmBlock block{.first_row = static_cast<int>(row),
                                     .rows = static_cast<int>(std::min(block_rows, rows - row)),
                                     .first_out = static_cast<int>(out),
                                     .outs = static_cast<int>(std::min((next - begin) * kernels::kGemmPanel, outs - out))};
      kernels::cpu::Multiply(x.view(), weight.view(), sums.data_ptr<std::int32_t>(), block,
                             {y.data_ptr<float>() + row * outs + out, block.rows, block.outs, outs});
    }
  });
  return y;
}

}  // namespace stampd::ops
