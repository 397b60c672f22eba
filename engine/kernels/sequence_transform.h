#pragma once

#include <cstdint>
#include <span>

#include "engine/base/token_layout.h"
#include "engine/kernels/instruction_set.h"
#include "engine/kernels/token_view.h"

/// X <- L X, an orthonormal transform along the tokens of each tile, in place: STaMP's sequence transform (arXiv 2510.26771).
///
/// L acts on each channel alone, so it commutes with everything per channel and with multiplication by weights from the right;
/// it does not commute with norms or activations, and a bias may be added only after the inverse. `tiles` must lie inside `x` and
/// not overlap; rows outside of them are left alone. Calls on different tiles of one `x` may run at once.

namespace stampd::kernels {

/// How the `side * side` rows of a tile, which lie in Z-order (Morton) of their x and y, are mixed. A coefficient takes the place
/// of a token; which row holds which is said for each:
///
/// kHaar2d  Level k replaces the means a b / c d of each 2x2 square of the level below by their mean (times 2), a + b + c + d over
///          2, and their horizontal a - b + c - d, vertical a + b - c - d and diagonal a - b - c + d differences over 2. In Z-order
///          they lie 4^(k-1) rows apart and stay where they are: row 0 ends up with the tile's mean times its side, row
///          4^(k-1) * d (d = 1, 2, 3) of each run of 4^k rows with a detail of level k.
/// kHaar1d  The same along x alone: (a + b) / sqrt 2 stays at the left one's place, (a - b) / sqrt 2 at the right one's.
/// kDct     2-D type II, orthonormal: the coefficient of frequencies (v, u) lies where the token (y, x) = (v, u) lay.
/// kWht     2-D Walsh-Hadamard in natural (Sylvester) order: row r is the sum of the tokens z, each with the sign
///          (-1)^popcount(r & z), over the side.
enum class SequenceTransform : std::uint8_t { kNone, kHaar1d, kHaar2d, kDct, kWht };

struct TileTransform {
  SequenceTransform kind = SequenceTransform::kHaar2d;
  int levels = 0;  // of Haar, at most: a tile of side s has log2(s). 0: all

  bool operator==(const TileTransform&) const = default;
};

namespace reference {

/// By the matrix of each tile, written down from its definition.
void ForwardAlongTokens(TokenView<double> x, std::span<const Tile> tiles, TileTransform transform);
/// X <- L^-1 X, which is Lᵀ X.
void InverseAlongTokens(TokenView<double> x, std::span<const Tile> tiles, TileTransform transform);

}  // namespace reference

namespace cpu {

/// In fp32, each operation rounded once and in this order:
///
/// kHaar2d  level after level, with t = a + b, u = a - b, v = c + d, w = c - d: (t + v) / 2, (u + w) / 2, (t - v) / 2, (u - w) / 2;
/// kHaar1d  level after level, (a + b) * h, (a - b) * h, where h is 1/sqrt 2 rounded to fp32;
/// kDct     along x, then along y, each coefficient the sum of products from the first token to the last, beginning with the first
///          product; the matrix is computed in double and rounded;
/// kWht     butterflies a + b, a - b on rows 1, 2, 4, … apart, then one multiplication by 1/side.
///
/// The inverse: Haar's levels from the coarsest down, the 2-D butterfly being its own inverse; kDct along y, then along x, with
/// the matrix transposed; kWht is its own inverse.
void ForwardAlongTokens(TokenView<float> x, std::span<const Tile> tiles, TileTransform transform,
                        InstructionSet set = BestInstructionSet());
void InverseAlongTokens(TokenView<float> x, std::span<const Tile> tiles, TileTransform transform,
                        InstructionSet set = BestInstructionSet());

}  // namespace cpu
}  // namespace stampd::kernels
