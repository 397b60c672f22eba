#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/base/token_layout.h"
#include "engine/quant/recipe.h"

namespace stampd::tools {

/// A linear over image tokens: inputs and outputs of all that it computes at once, under its observer's name.
struct LinearShape {
  std::string name;
  std::int64_t in = 0;
  std::int64_t out = 0;
};

/// What a recipe spends on the multiply-adds of a network's linears over image tokens. Both means run over the linears, each
/// weighing as many multiply-adds as it makes (tokens x in x out); what is never quantized (text, embeddings, attention itself) is
/// left out.
struct EffectiveBits {
  /// Of activations. A linear has the mean over the tokens of its input, high ones included and scales not, as the paper counts;
  /// 16 where the recipe skips it or does not round its input; a mean that is multiplied on its own is one more token of 16 bits.
  double activations = 0;
  /// Of weights, as they are stored: scales and multipliers included. 16 where they are not rounded.
  double weights = 0;
  /// Tokens that have more bits than the others by the recipe's general rule, which single layers may except themselves from.
  int high_tokens = 0;
};

/// For one picture with tokens in that layout. Broken as Recipe::Resolve.
EffectiveBits CountBits(const quant::Recipe& recipe, std::span<const LinearShape> linears, const TokenLayout& layout);

}  // namespace stampd::tools
