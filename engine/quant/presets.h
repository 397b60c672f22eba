#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/quant/recipe.h"

namespace stampd::quant {

/// stamp-w4a4  the default: 2-D Haar, Hadamard 64, one token of 8 bits a tile, asymmetric, weights by output with a clip search
/// stamp-w4a8  the same weights and Hadamard; all tokens have 8 bits, which leaves a sequence transform nothing to do
/// rtn-w4a4    round to nearest: no transform, no high tokens, no search
/// w8a8        the same at 8 bits
/// paper       as published: round to nearest with a scale for every 64 channels, 2-D Haar, 64 tokens of 8 bits, no Hadamard
/// text-w8a8   for text encoders: round to nearest behind Hadamard 64, every token at 8 bits
/// text-w4a8   for text encoders: the same tokens, weights in groups of 64 with a clip search
std::vector<std::string> PresetNames();

/// Throws BadRequest, listing the names, for any other.
Recipe Preset(std::string_view name);

}  // namespace stampd::quant
