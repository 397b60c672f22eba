#include "engine/quant/recipe_json.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/io/text.h"
#include "engine/quant/recipe_fields.h"

namespace stampd::quant {
namespace {

constexpr std::string_view kMethod = "stamp";
constexpr int kVersion = 1;

// Keys that are not fields of a linear: of the recipe as a whole, and of an override.
constexpr std::string_view kRecipeKeys[] = {"quant_method", "version", "name", "tile_sides", "layers"};
constexpr std::string_view kOverrideKeys[] = {"layers"};
constexpr std::string_view kSideKeys[] = {"max_tokens", "side"};

[[noreturn]] void Wrong(const io::Config& config, const std::string& key, const std::string& expected, const std::string& found) {
  throw Broken("[recipe] " + config.file() + ": " + key + ": expected " + expected + ", found " + found);
}

void CheckMethodAndVersion(const io::Config& config) {
  const std::string method = config.String("quant_method");
  if (method != kMethod) Wrong(config, "quant_method", io::JsonString(kMethod), io::Quote(method));
  const std::int64_t version = config.Int("version");
  if (version != kVersion) Wrong(config, "version", std::to_string(kVersion), std::to_string(version));
}

// Reads the fields that are there, and says which they are. `place` is the object's own path.
std::vector<std::string> ReadFields(const io::Config& config, const std::string& place, std::span<const std::string_view> others,
                                    LinearRecipe& recipe) {
  std::vector<std::string> read;
  for (const std::string& key : config.keys()) {
    if (std::ranges::find(others, key) != others.end()) continue;
    const RecipeField* field = FindRecipeField(key);
    if (field == nullptr) Wrong(config, place + io::Quote(key), "a field of a recipe", "no such key");
    field->read(config, key, recipe);
    read.push_back(key);
  }
  return read;
}

std::vector<LayerOverride> ReadOverrides(const io::Config& config) {
  std::vector<LayerOverride> overrides;
  for (const io::Config& object : config.Objects("layers")) {
    const std::string place = "layers[" + std::to_string(overrides.size()) + "].";
    LayerOverride exception{.layers = object.String("layers")};
    exception.fields = ReadFields(object, place, kOverrideKeys, exception.values);
    overrides.push_back(std::move(exception));
  }
  return overrides;
}

std::vector<TileSide> ReadSides(const io::Config& config) {
  std::vector<TileSide> sides;
  for (const io::Config& object : config.Objects("tile_sides")) {
    for (const std::string& key : object.keys()) {
      if (std::ranges::find(kSideKeys, key) == std::end(kSideKeys)) {
        Wrong(config, "tile_sides[" + std::to_string(sides.size()) + "]." + io::Quote(key), "max_tokens or side", "no such key");
      }
    }
    const TileSide unlimited;
    const std::int64_t side = object.Int("side");
    // What no int holds is no side either; Recipe::Check refuses what stands for it.
    sides.push_back({object.Int("max_tokens", unlimited.max_tokens), side == static_cast<int>(side) ? static_cast<int>(side) : 0});
  }
  return sides;
}

std::string OverrideJson(const LayerOverride& exception) {
  std::string text = R"({"layers": )" + io::JsonString(exception.layers);
  for (const std::string& key : exception.fields) {
    text += ", " + io::JsonString(key) + ": " + FindRecipeField(key)->json(exception.values);
  }
  return text + "}";
}

std::string SideJson(const TileSide& entry) {
  const std::string side = "\"side\": " + std::to_string(entry.side) + "}";
  if (entry.max_tokens == TileSide{}.max_tokens) return "{" + side;
  return "{\"max_tokens\": " + std::to_string(entry.max_tokens) + ", " + side;
}

template <typename Item>
std::string ListJson(const std::vector<Item>& items, std::string (*json)(const Item&)) {
  std::string text;
  for (const Item& item : items) text += (text.empty() ? "" : ", ") + json(item);
  return "[" + text + "]";
}

}  // namespace

std::string ToJson(const Recipe& recipe) {
  std::string text = "{\n  \"quant_method\": " + io::JsonString(kMethod) + ",\n  \"version\": " + std::to_string(kVersion) +
                     ",\n  \"name\": " + io::JsonString(recipe.name);
  for (const RecipeField& field : RecipeFields()) {
    text += ",\n  " + io::JsonString(field.key) + ": " + field.json(recipe.linear);
  }
  text += ",\n  \"tile_sides\": " + ListJson(recipe.tile_sides, SideJson);
  return text + ",\n  \"layers\": " + ListJson(recipe.overrides, OverrideJson) + "\n}";
}

Recipe ReadRecipe(const io::Config& config) {
  CheckMethodAndVersion(config);
  Recipe recipe;
  recipe.file = config.file();
  recipe.name = config.String("name", recipe.file);
  ReadFields(config, "", kRecipeKeys, recipe.linear);
  if (config.Has("tile_sides")) recipe.tile_sides = ReadSides(config);
  recipe.overrides = ReadOverrides(config);
  recipe.Check(config.file());
  return recipe;
}

}  // namespace stampd::quant
