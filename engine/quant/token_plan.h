#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/token_layout.h"
#include "engine/quant/linear_recipe.h"

namespace stampd::quant {

/// What a recipe means for the rows of one segment.
struct TokenPlan {
  std::vector<std::uint8_t> bits;  // of each row after the transform; all kExactBits if activations are not rounded
  std::vector<int> order;          // row i of the tiles is token order[i]; empty: the tokens as they lie
};

/// The rows of a tile's transform from low frequencies to high: each row of the tile once, those that hold most of the energy of
/// natural signals first.
///
///   haar     the means, then the details from coarse to fine, each kind in the order of rows
///   dct      by u + v of the frequencies, then in the order of rows
///   wht      the same with the sequencies (sign changes) of the Walsh functions
///   none     in the order of rows
std::vector<int> LowToHigh(kernels::TileTransform transform, int side);

/// High tokens are the first ones of each tile in the order of LowToHigh, tile after tile as the layout has them. Without a
/// transform, where no token is worth more than another, they are as many as there would be and the first of the segment.
TokenPlan PlanTokens(const TokenLayout& layout, const LinearRecipe& recipe);

/// Mean bits of an activation, without its scales: 4.0625 where one token of 64 has 8 bits and the others 4.
double AverageBits(std::span<const std::uint8_t> bits);

/// Bits of storage for each weight of a layer of that width, scales and multipliers included.
double WeightStorageBits(const LinearRecipe& recipe, std::int64_t width);

}  // namespace stampd::quant
