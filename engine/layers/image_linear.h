#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/layers/token_linear.h"

namespace stampd::layers {

/// A linear over image tokens, as the network's Quantization says: LoadLinear where it says nothing or the recipe skips the layer.
///
/// A weight is taken as it was prepared, or rounded here. Prepared, `name` has in place of `weight`:
///
///   weight_codes        U8 [out, in/2] (4 bits, even input in the low nibble, two's complement) or [out, in] (8 bits)
///   weight_scales       F32 [out]
///   weight_multipliers  U8 [out, in/64], with groups of 64
///   smooth_scales       F32 [in], where the recipe smooths; the same for all of `names`
///
/// Throws Broken if the recipe can't be run on this layer or what was prepared is not what it says.
std::unique_ptr<const TokenLinear> LoadImageLinear(const WeightScope& scope, const std::vector<std::string_view>& names,
                                                   std::int64_t in, std::int64_t out, bool bias = true);

/// The same over the tokens of a text, which have no grid: the recipe must not need one.
std::unique_ptr<const TokenLinear> LoadTextLinear(const WeightScope& scope, const std::vector<std::string_view>& names,
                                                  std::int64_t in, std::int64_t out, bool bias = true);

}  // namespace stampd::layers
