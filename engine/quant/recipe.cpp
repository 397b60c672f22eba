#include "engine/quant/recipe.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "engine/base/error.h"
#include "engine/io/text.h"
#include "engine/kernels/quantized_weights.h"
#include "engine/kernels/w4a4_gemm.h"
#include "engine/quant/layer_pattern.h"
#include "engine/quant/recipe_fields.h"

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;

constexpr int kMaxSide = 64;

[[noreturn]] void Wrong(const std::string& place, std::string_view key, const std::string& expected, const std::string& found) {
  throw Broken("[recipe] " + place + ": " + std::string(key) + ": expected " + expected + ", found " + found);
}

void CheckRange(const std::string& place, const RecipeField& field, const LinearRecipe& recipe) {
  if (!field.valid(recipe)) Wrong(place, field.key, std::string(field.expected), field.json(recipe));
}

bool IsHaar(SequenceTransform transform) {
  return transform == SequenceTransform::kHaar1d || transform == SequenceTransform::kHaar2d;
}

// What values in their ranges must not be together. `most_levels`: of the largest tile.
void CheckTogether(const std::string& place, const LinearRecipe& recipe, int most_levels) {
  if (recipe.skip) return;
  if (recipe.weight_group != 0 && recipe.weight_bits != 4) {
    Wrong(place, "weight_group", "0 where weight_bits is not 4", std::to_string(recipe.weight_group));
  }
  if (recipe.levels > 0 && !IsHaar(recipe.sequence_transform)) {
    Wrong(place, "levels", "0 where sequence_transform is not haar1d or haar2d", std::to_string(recipe.levels));
  }
  if (recipe.levels > most_levels) {
    Wrong(place, "levels", "at most " + std::to_string(most_levels) + ", which the largest of tile_sides has",
          std::to_string(recipe.levels));
  }
  if (recipe.high_rule != HighTokenRule::kNone && recipe.activation_bits != kExactBits &&
      recipe.high_bits < recipe.activation_bits) {
    Wrong(place, "high_bits", "activation_bits (" + std::to_string(recipe.activation_bits) + ") or more",
          std::to_string(recipe.high_bits));
  }
  if (recipe.control == TokenControl::kMean &&
      (recipe.high_rule != HighTokenRule::kNone || recipe.sequence_transform != SequenceTransform::kNone)) {
    Wrong(place, "control", "none or shuffled where high_rule or sequence_transform is not none", "mean");
  }
}

// SANA's feed-forward is 5600 = 32 * 175 wide.
int BlockFor(std::int64_t width, int block) {
  const std::int64_t largest = std::min<std::int64_t>(block, width & -width);
  return largest > 1 ? static_cast<int>(largest) : 0;
}

// What can't be done to inputs of that width.
void CheckWidth(const std::string& place, const LinearRecipe& recipe, std::int64_t width) {
  const auto divides = [&](std::string_view key, int part) {
    if (part != 0 && width % part != 0) {
      Wrong(place, key, "a divisor of the layer's width " + std::to_string(width), std::to_string(part));
    }
  };
  divides("activation_group", recipe.activation_group);
  divides("weight_group", recipe.weight_group);
  if (recipe.weight_bits == 4 && width % 2 != 0) {
    Wrong(place, "weight_bits", "8 or 16, as the layer's width " + std::to_string(width) + " is odd", "4");
  }
  if (width > kernels::kMaxGemmDepth) {
    Wrong(place, "skip",
          "true, as the layer's width " + std::to_string(width) + " is over " + std::to_string(kernels::kMaxGemmDepth), "false");
  }
}

// Tokens that lie in no grid have no neighbours to be mixed with, and none that would be worth more bits.
void CheckWithoutGrid(const std::string& place, const LinearRecipe& recipe) {
  for (const std::string_view key : {"high_rule", "sequence_transform", "control"}) {
    const std::string found = FindRecipeField(key)->json(recipe);
    if (found != R"("none")") Wrong(place, key, R"("none" for the tokens of a text, which have no grid)", found);
  }
}

void CheckSides(const std::string& place, const std::vector<TileSide>& sides) {
  const std::int64_t unlimited = TileSide{}.max_tokens;
  if (sides.empty() || sides.back().max_tokens != unlimited) {
    Wrong(place, "tile_sides", "a last entry without max_tokens", std::to_string(sides.size()) + " with");
  }
  std::int64_t before = 0;
  for (const TileSide& entry : sides) {
    if (entry.side < 1 || entry.side > kMaxSide || !std::has_single_bit(static_cast<unsigned>(entry.side))) {
      Wrong(place, "tile_sides", "sides that are powers of two up to " + std::to_string(kMaxSide), std::to_string(entry.side));
    }
    if (entry.max_tokens <= before) {
      Wrong(place, "tile_sides", "max_tokens to rise from 1 on",
            std::to_string(entry.max_tokens) + " after " + std::to_string(before));
    }
    before = entry.max_tokens;
  }
}

int MostLevels(const std::vector<TileSide>& sides) {
  const int largest = std::ranges::max_element(sides, {}, &TileSide::side)->side;
  return std::countr_zero(static_cast<unsigned>(largest));
}

void CheckOverride(const std::string& place, const LayerOverride& exception) {
  if (exception.layers.empty()) Wrong(place, "layers", "a pattern of layers' names", "\"\"");
  for (const std::string& key : exception.fields) {
    const RecipeField* field = FindRecipeField(key);
    if (field == nullptr) Wrong(place, key, "a field of a recipe", "no such key");
    CheckRange(place, *field, exception.values);
  }
}

// Of a recipe that was read, its file as well.
std::string PlaceOf(const Recipe& recipe) {
  return recipe.file.empty() || recipe.file == recipe.name ? recipe.name : recipe.file + ": " + recipe.name;
}

LinearRecipe With(LinearRecipe recipe, const LayerOverride& exception) {
  for (const std::string& key : exception.fields) FindRecipeField(key)->copy(exception.values, recipe);
  return recipe;
}

}  // namespace

void Recipe::Check(const std::string& place) const {
  CheckSides(place, tile_sides);
  for (const RecipeField& field : RecipeFields()) CheckRange(place, field, linear);
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    CheckOverride(place + ": layers[" + std::to_string(i) + "]", overrides[i]);
  }
  CheckTogether(place, linear, MostLevels(tile_sides));
}

int Recipe::SideFor(std::int64_t tokens) const {
  return std::ranges::find_if(tile_sides, [&](const TileSide& entry) { return tokens <= entry.max_tokens; })->side;
}

LinearRecipe Recipe::Resolve(std::span<const std::string> layers, std::int64_t width) const {
  std::optional<LinearRecipe> first;
  for (const std::string& layer : layers) {
    LinearRecipe recipe = linear;
    for (const LayerOverride& exception : overrides) {
      if (MatchesLayer(exception.layers, layer)) recipe = With(recipe, exception);
    }
    if (first && !(recipe == *first)) {
      Wrong(PlaceOf(*this), "layers", "the same for " + layers.front() + " and " + layer + ", which read one input",
            "an override of one");
    }
    first = recipe;
  }
  first->hadamard_block = BlockFor(width, first->hadamard_block);
  const std::string place = PlaceOf(*this) + ": " + layers.front();
  CheckTogether(place, *first, MostLevels(tile_sides));
  if (!first->skip) CheckWidth(place, *first, width);
  return *first;
}

LinearRecipe Recipe::ResolveForText(std::span<const std::string> layers, std::int64_t width) const {
  const LinearRecipe recipe = Resolve(layers, width);
  if (!recipe.skip) CheckWithoutGrid(PlaceOf(*this) + ": " + layers.front(), recipe);
  return recipe;
}

void Recipe::CheckLayers(std::span<const std::string> all_layers) const {
  for (const LayerOverride& exception : overrides) {
    if (std::ranges::none_of(all_layers, [&](const std::string& layer) { return MatchesLayer(exception.layers, layer); })) {
      Wrong(PlaceOf(*this), "layers", "a pattern that some layer matches", io::Quote(exception.layers));
    }
  }
}

}  // namespace stampd::quant
