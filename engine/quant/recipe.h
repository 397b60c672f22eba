#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/quant/linear_recipe.h"

namespace stampd::quant {

/// Some layers' exception.
struct LayerOverride {
  /// A pattern with `*` (anything, also nothing) and `?` (one character) that whole dotted parts of a layer's name must match:
  /// `attn2.to_out` means transformer_blocks.3.attn2.to_out.0, `transformer_blocks.0` all of the first block.
  std::string layers;
  LinearRecipe values;              // of which only `fields` count
  std::vector<std::string> fields;  // keys of LinearRecipe
};

/// The tiles' side for grids of up to `max_tokens`.
struct TileSide {
  std::int64_t max_tokens = std::numeric_limits<std::int64_t>::max();
  int side = 8;  // a power of two up to 64

  bool operator==(const TileSide&) const = default;
};

/// How a network's linears are quantized, as data.
struct Recipe {
  std::string name;                                    // of the preset it came from, or the user's own
  std::string file;                                    // that it was read from, for errors; empty: a preset
  LinearRecipe linear;                                 // all layers'
  std::vector<LayerOverride> overrides;                // in order: of two that set the same field of a layer the later one counts
  std::vector<TileSide> tile_sides = {{2048, 4}, {}};  // ascending; the last one is for all larger grids

  /// Throws Broken, with `place` (a file, or the recipe's name), the key, what may stand there and what does, if some value is out
  /// of its range or at odds with another.
  void Check(const std::string& place) const;

  /// Which side of tiles a grid of that many tokens gets: a tile's coefficients lie in consecutive rows, so the whole network
  /// shares it.
  int SideFor(std::int64_t tokens) const;

  /// What the linear with inputs of `width` channels is to do; the recipe must have passed Check. `layers` are the full names of
  /// those that it computes at once from one input (q, k, v), or one name. Throws Broken, naming the layer, if the recipe can't be
  /// run on that width, or tells layers apart that share their input.
  LinearRecipe Resolve(std::span<const std::string> layers, std::int64_t width) const;
  /// The same for tokens of text. They have no grid: throws Broken, too, if the recipe treats tokens by their place.
  LinearRecipe ResolveForText(std::span<const std::string> layers, std::int64_t width) const;

  /// Throws Broken if an override matches none of a model's layers.
  void CheckLayers(std::span<const std::string> all_layers) const;
};

}  // namespace stampd::quant
