#include "engine/kernels/sequence_transform.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "engine/base/z_order.h"
#include "engine/kernels/cpu/row_kernels.h"

namespace stampd::kernels::cpu {
namespace {

int LevelsOf(const Tile& tile, TileTransform transform) {
  const int all = std::countr_zero(static_cast<unsigned>(tile.side));
  return transform.levels == 0 ? all : std::min(transform.levels, all);
}

TokenView<float> RowsOf(TokenView<float> x, const Tile& tile) {
  return {x.row(tile.first_row), tile.side * tile.side, x.width, x.stride};
}

void Haar2dLevel(const RowKernels& kernels, TokenView<float> tile, int level) {
  const int spacing = 1 << 2 * level;
  for (int r = 0; r < tile.rows; r += 4 * spacing) {
    kernels.butterfly4(tile.row(r), tile.row(r + spacing), tile.row(r + 2 * spacing), tile.row(r + 3 * spacing), tile.width);
  }
}

void Haar1dLevel(const RowKernels& kernels, TokenView<float> tile, int level) {
  const int right = 1 << 2 * level;                    // the bit of x that tells the pair's right one
  const int not_means = 0x55555555 & (2 * right - 1);  // bits of x that are zero where the level's pairs begin
  constexpr auto kFactor = static_cast<float>(1 / std::numbers::sqrt2);
  for (int r = 0; r < tile.rows; ++r) {
    if ((r & not_means) == 0) kernels.butterfly(tile.row(r), tile.row(r | right), tile.width, kFactor);
  }
}

void Wht(const RowKernels& kernels, TokenView<float> tile) {
  for (int distance = 1; distance < tile.rows; distance *= 2) {
    for (int r = 0; r < tile.rows; ++r) {
      if ((r & distance) == 0) kernels.butterfly(tile.row(r), tile.row(r | distance), tile.width, 1);
    }
  }
  const float factor = 1 / std::sqrt(static_cast<float>(tile.rows));  // a power of two
  for (int r = 0; r < tile.rows; ++r) {
    for (int c = 0; c < tile.width; ++c) tile.row(r)[c] *= factor;
  }
}

// The orthonormal DCT-II of `side` points: row u holds frequency u. Transposed, its inverse.
std::vector<float> CosineMatrix(int side, bool transposed) {
  std::vector<float> matrix;
  for (int i = 0; i < side; ++i) {
    for (int j = 0; j < side; ++j) {
      const int frequency = transposed ? j : i, place = transposed ? i : j;
      const double norm = std::sqrt((frequency == 0 ? 1.0 : 2.0) / side);
      matrix.push_back(static_cast<float>(norm * std::cos(std::numbers::pi * (2 * place + 1) * frequency / (2.0 * side))));
    }
  }
  return matrix;
}

// line <- matrix * line, where line[i] is the tile's row_of(i).
template <typename RowOf>
void MultiplyLine(TokenView<float> tile, const std::vector<float>& matrix, int side, std::vector<float>& scratch, RowOf row_of) {
  scratch.resize(static_cast<std::size_t>(side) * tile.width);
  for (int i = 0; i < side; ++i) std::copy_n(tile.row(row_of(i)), tile.width, scratch.data() + i * tile.width);
  for (int i = 0; i < side; ++i) {
    float* __restrict__ out = tile.row(row_of(i));
    for (int c = 0; c < tile.width; ++c) out[c] = matrix[i * side] * scratch[c];
    for (int j = 1; j < side; ++j) {
      const float weight = matrix[i * side + j];
      const float* in = scratch.data() + j * tile.width;
      for (int c = 0; c < tile.width; ++c) out[c] += weight * in[c];
    }
  }
}

void MultiplyAlongX(TokenView<float> tile, const std::vector<float>& matrix, int side, std::vector<float>& scratch) {
  for (int y = 0; y < side; ++y) MultiplyLine(tile, matrix, side, scratch, [y](int x) { return ZOrder(y, x); });
}

void MultiplyAlongY(TokenView<float> tile, const std::vector<float>& matrix, int side, std::vector<float>& scratch) {
  for (int x = 0; x < side; ++x) MultiplyLine(tile, matrix, side, scratch, [x](int y) { return ZOrder(y, x); });
}

// A layout's tiles of one side are neighbours, so that a matrix serves most of them.
void Dct(TokenView<float> x, std::span<const Tile> tiles, bool inverse) {
  std::vector<float> matrix, scratch;
  int side = 0;
  for (const Tile& tile : tiles) {
    if (tile.side != side) matrix = CosineMatrix(side = tile.side, inverse);
    if (!inverse) MultiplyAlongX(RowsOf(x, tile), matrix, side, scratch);
    MultiplyAlongY(RowsOf(x, tile), matrix, side, scratch);
    if (inverse) MultiplyAlongX(RowsOf(x, tile), matrix, side, scratch);
  }
}

}  // namespace

void ForwardAlongTokens(TokenView<float> x, std::span<const Tile> tiles, TileTransform transform, InstructionSet set) {
  const RowKernels& kernels = RowKernelsOf(set);
  switch (transform.kind) {
    case SequenceTransform::kNone:
      return;
    case SequenceTransform::kHaar1d:
      for (const Tile& tile : tiles) {
        for (int level = 0; level < LevelsOf(tile, transform); ++level) Haar1dLevel(kernels, RowsOf(x, tile), level);
      }
      return;
    case SequenceTransform::kHaar2d:
      for (const Tile& tile : tiles) {
        for (int level = 0; level < LevelsOf(tile, transform); ++level) Haar2dLevel(kernels, RowsOf(x, tile), level);
      }
      return;
    case SequenceTransform::kDct:
      return Dct(x, tiles, false);
    case SequenceTransform::kWht:
      for (const Tile& tile : tiles) Wht(kernels, RowsOf(x, tile));
      return;
  }
}

void InverseAlongTokens(TokenView<float> x, std::span<const Tile> tiles, TileTransform transform, InstructionSet set) {
  const RowKernels& kernels = RowKernelsOf(set);
  switch (transform.kind) {
    case SequenceTransform::kNone:
      return;
    case SequenceTransform::kHaar1d:
      for (const Tile& tile : tiles) {
        for (int level = LevelsOf(tile, transform); level-- > 0;) Haar1dLevel(kernels, RowsOf(x, tile), level);
      }
      return;
    case SequenceTransform::kHaar2d:
      for (const Tile& tile : tiles) {
        for (int level = LevelsOf(tile, transform); level-- > 0;) Haar2dLevel(kernels, RowsOf(x, tile), level);
      }
      return;
    case SequenceTransform::kDct:
      return Dct(x, tiles, true);
    case SequenceTransform::kWht:
      for (const Tile& tile : tiles) Wht(kernels, RowsOf(x, tile));
      return;
  }
}

}  // namespace stampd::kernels::cpu
