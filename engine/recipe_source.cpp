#include "engine/recipe_source.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/quant/presets.h"
#include "engine/quant/recipe_json.h"

namespace stampd {
namespace {

constexpr std::string_view kConfigKey = "quantization_config";

std::string_view PresetOf(Precision precision) {
  if (precision == Precision::kW8A8) return "w8a8";
  return precision == Precision::kW4A8 ? "stamp-w4a8" : "stamp-w4a4";
}

std::string BitsOf(const quant::Recipe& recipe) {
  return "w" + std::to_string(recipe.linear.weight_bits) + "a" + std::to_string(recipe.linear.activation_bits);
}

}  // namespace

std::optional<quant::Recipe> ReadPrepared(const std::filesystem::path& component) {
  const io::Config config = io::Config::Read(component / "config.json");
  if (!config.IsObject(kConfigKey)) return {};
  return quant::ReadRecipe(config.Object(kConfigKey));
}

quant::Recipe FindRecipe(const std::string& name_or_file) {
  const std::vector<std::string> presets = quant::PresetNames();
  if (std::ranges::find(presets, name_or_file) != presets.end()) return quant::Preset(name_or_file);
  if (std::filesystem::is_regular_file(name_or_file)) return quant::ReadRecipe(io::Config::Read(name_or_file));
  return quant::Preset(name_or_file);  // which throws, with the names
}

RecipeSource::RecipeSource(const std::filesystem::path& transformer, const std::string& wanted)
    : prepared_(ReadPrepared(transformer)) {
  if (wanted.empty()) return;
  if (prepared_)
    throw BadRequest("recipe", "expected none for " + transformer.string() + ", whose weights were prepared, found " + wanted);
  wanted_ = FindRecipe(wanted);
}

std::vector<Precision> RecipeSource::DefaultPrecisions() const {
  if (!prepared_) return {Precision::kBf16};
  return {ParsePrecision(BitsOf(*prepared_)).value_or(Precision::kW4A4)};
}

std::optional<quant::Recipe> RecipeSource::For(Precision precision) const {
  if (!IsQuantized(precision)) {
    if (prepared_)
      throw BadRequest("precision",
                       "expected " + BitsOf(*prepared_) + ", as the weights were prepared, found " + std::string(Name(precision)));
    return {};
  }
  const quant::Recipe recipe = prepared_ ? *prepared_ : wanted_ ? *wanted_ : quant::Preset(PresetOf(precision));
  if (BitsOf(recipe) != Name(precision)) {
    throw BadRequest("precision", "expected " + BitsOf(recipe) + ", which are the bits of the recipe " + recipe.name + ", found " +
                                      std::string(Name(precision)));
  }
  return recipe;
}

}  // namespace stampd
