#include "engine/ops/quantized_tokens.h"

#include <span>
#include <vector>

#include <ATen/Parallel.h>

#include "engine/kernels/quantize_tokens.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

using kernels::TokenView;

constexpr std::int64_t kRowsPerTask = 16;

template <typename Transform>
void ForEachBlock(torch::Tensor& x, Segments segments, const Transform& transform) {
  const std::vector<RowBlock> blocks = BlocksOf(segments, kRowsPerTask);
  const auto view = ViewOf<float>(x);
  InParallel(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t i, Scratch&) {
    const RowBlock& block = blocks[static_cast<std::size_t>(i)];
    transform(Rows(view, block.first, block.rows), block.tiles);
  });
}

}  // namespace

void TransformFeatures(torch::Tensor& x, const kernels::FeatureTransform& transform) {
  const auto view = ViewOf<float>(x);
  at::parallel_for(0, x.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    kernels::cpu::TransformFeatures(Rows(view, begin, static_cast<int>(end - begin)), transform);
  });
}

void ForwardAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform) {
  ForEachBlock(x, segments, [&](TokenView<float> rows, std::span<const Tile> tiles) {
    kernels::cpu::ForwardAlongTokens(rows, tiles, transform);
  });
}

void InverseAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform) {
  ForEachBlock(x, segments, [&](TokenView<float> rows, std::span<const Tile> tiles) {
    kernels::cpu::InverseAlongTokens(rows, tiles, transform);
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

QuantizedTokens EmptyTokens(std::int64_t rows, std::int64_t width, int groups) {
  return {.codes = at::empty({rows, width}, torch::kUInt8),
          .scales = at::empty({rows, groups}, torch::kFloat32),
          .zeros = at::empty({rows, groups}, torch::kUInt8)};
}

torch::Tensor Dequantize(const QuantizedTokens& x) {
  torch::Tensor values = at::empty(x.codes.sizes(), torch::kFloat32);
  kernels::cpu::DequantizeTokens(x.view(), ViewOf<float>(values));
  return values;
}

}  // namespace stampd::ops
