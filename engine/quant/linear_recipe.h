#pragma once

#include <cstdint>

#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "engine/kernels/sequence_transform.h"

namespace stampd::quant {

/// Which transformed tokens of a segment are rounded to the high bits; see token_plan.h for the order that both rules follow.
enum class HighTokenRule : std::uint8_t {
  kNone,
  kDc,     // the first `high_count` coefficients of every tile
  kFirst,  // `high_count` of the segment: first of every tile the first coefficient, then the second, and so on
};

/// Experiments that tell what a sequence transform's gain comes from.
enum class TokenControl : std::uint8_t {
  kNone,
  kShuffled,  // tokens are put into tiles at random: the same energy in all, but no locality
  kMean,      // the segment's mean over all tokens is taken out first and multiplied on its own, unrounded
};

/// 16 bits stand for: not rounded at all.
inline constexpr int kExactBits = 16;

/// How one linear layer is quantized: Y = L^-1( Q(L X R) Q(R^-1 W)ᵀ ) + b. The members' names are the keys of the JSON form, and
/// the defaults are the preset `stamp-w4a4`.
struct LinearRecipe {
  bool skip = false;  // stays in full precision; nothing else counts then

  // Q(W)
  int weight_bits = 4;   // 4, 8 or 16
  int weight_group = 0;  // 64 (4 bits only), or 0: one scale for each output
  kernels::WeightRounding weight_rounding = kernels::WeightRounding::kMseClip;

  // Q(X)
  int activation_bits = 4;   // 4, 8 or 16; with 16 the sequence transform and the high tokens do nothing
  int activation_group = 0;  // 64, or 0: one scale for each token
  bool activation_symmetric = false;
  double activation_clip = 1;  // the part of a token's range that is kept, 0.5 … 1
  HighTokenRule high_rule = HighTokenRule::kDc;
  int high_count = 1;  // from 1 on
  int high_bits = 8;   // activation_bits … 8

  // L
  kernels::SequenceTransform sequence_transform = kernels::SequenceTransform::kHaar2d;
  int levels = 0;  // of Haar, or 0: as many as a tile has
  TokenControl control = TokenControl::kNone;

  // R
  int hadamard_block = 64;  // a power of two; 0: no rotation. A width that it does not divide gets the largest part that does
  double smooth_alpha = 0;  // of SmoothQuant's scales, in (0, 1); 0: none. Needs activations to calibrate on

  bool operator==(const LinearRecipe&) const = default;

  /// Whether tokens are treated by their place among others, which text does not have.
  bool needs_grid() const {
    return high_rule != HighTokenRule::kNone || sequence_transform != kernels::SequenceTransform::kNone ||
           control != TokenControl::kNone;
  }
  kernels::TileTransform tile_transform() const { return {sequence_transform, levels}; }
  kernels::TokenRounding token_rounding() const { return {activation_symmetric, static_cast<float>(activation_clip)}; }
};

}  // namespace stampd::quant
