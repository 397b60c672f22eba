#include "engine/kernels/sequence_transform.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "engine/base/z_order.h"

namespace stampd::kernels::reference {
namespace {

int Log2(int side) { return std::countr_zero(static_cast<unsigned>(side)); }

double Sign(int bits) { return std::popcount(static_cast<unsigned>(bits)) % 2 == 0 ? 1 : -1; }

// Each of these is the weight of the token in row z in the coefficient in row r of a tile.

// A one-dimensional Haar coefficient at place `to` of a token at place `from`.
double Haar(int to, int from, int levels) {
  if (to % (1 << levels) == 0) return from >> levels == to >> levels ? std::exp2(-0.5 * levels) : 0;
  const int level = std::countr_zero(static_cast<unsigned>(to)) + 1;
  if (from >> level != to >> level) return 0;
  return std::exp2(-0.5 * level) * Sign(from >> (level - 1) & 1);
}

double Haar1d(int r, int z, int levels) { return ZOrderY(r) == ZOrderY(z) ? Haar(ZOrderX(r), ZOrderX(z), levels) : 0; }

double Haar2d(int r, int z, int levels) {
  if (r % (1 << 2 * levels) == 0) return z >> 2 * levels == r >> 2 * levels ? std::exp2(-levels) : 0;
  const int below = std::countr_zero(static_cast<unsigned>(r)) / 2;  // levels under that of this detail
  if (z >> 2 * (below + 1) != r >> 2 * (below + 1)) return 0;
  const int detail = r >> 2 * below & 3, quadrant = z >> 2 * below & 3;
  return std::exp2(-(below + 1)) * Sign(detail & quadrant);
}

double Cosine(int frequency, int place, int side) {
  const double norm = std::sqrt((frequency == 0 ? 1.0 : 2.0) / side);
  return norm * std::cos(std::numbers::pi * (2 * place + 1) * frequency / (2.0 * side));
}

double Weight(int r, int z, int side, TileTransform transform) {
  const int levels = transform.levels == 0 ? Log2(side) : std::min(transform.levels, Log2(side));
  switch (transform.kind) {
    case SequenceTransform::kNone:
      return r == z ? 1 : 0;
    case SequenceTransform::kHaar1d:
      return Haar1d(r, z, levels);
    case SequenceTransform::kHaar2d:
      return Haar2d(r, z, levels);
    case SequenceTransform::kDct:
      return Cosine(ZOrderY(r), ZOrderY(z), side) * Cosine(ZOrderX(r), ZOrderX(z), side);
    case SequenceTransform::kWht:
      return Sign(r & z) / side;
  }
  return 0;
}

// tile <- L tile, or Lᵀ tile.
void Apply(TokenView<double> x, const Tile& tile, TileTransform transform, bool transposed) {
  const int rows = tile.side * tile.side;
  std::vector<double> out(static_cast<std::size_t>(rows) * x.width);
  for (int r = 0; r < rows; ++r) {
    for (int z = 0; z < rows; ++z) {
      const double weight = transposed ? Weight(z, r, tile.side, transform) : Weight(r, z, tile.side, transform);
      for (int c = 0; c < x.width; ++c) out[r * x.width + c] += weight * x.row(tile.first_row + z)[c];
    }
  }
  for (int r = 0; r < rows; ++r) std::copy_n(out.begin() + r * x.width, x.width, x.row(tile.first_row + r));
}

}  // namespace

void ForwardAlongTokens(TokenView<double> x, std::span<const Tile> tiles, TileTransform transform) {
  for (const Tile& tile : tiles) Apply(x, tile, transform, false);
}

void InverseAlongTokens(TokenView<double> x, std::span<const Tile> tiles, TileTransform transform) {
  for (const Tile& tile : tiles) Apply(x, tile, transform, true);
}

}  // namespace stampd::kernels::reference
