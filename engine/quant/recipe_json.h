#pragma once

#include <string>

#include "engine/io/config.h"
#include "engine/quant/recipe.h"

namespace stampd::quant {

/// A recipe as the object `quantization_config` of a component's config.json, or as a file of its own:
///
///   { "quant_method": "stamp", "version": 1, "name": "stamp-w4a4",
///     "weight_bits": 4, …                                        every field of LinearRecipe; one that is absent has its default
///     "tile_sides": [{"max_tokens": 2048, "side": 4}, {"side": 8}],
///     "layers": [{"layers": "attn2.to_out", "skip": true}, …] }  overrides with any fields
///
/// Enumerators are spelled "none", "haar1d", "haar2d", "dct", "wht"; "nearest", "mse"; "none", "dc", "first"; "none", "shuffled",
/// "mean".
std::string ToJson(const Recipe& recipe);

/// Throws Broken with file, key, expected and found: another method, a later version, an unknown key, a value of the wrong kind, or
/// what Recipe::Check finds.
Recipe ReadRecipe(const io::Config& config);

}  // namespace stampd::quant
