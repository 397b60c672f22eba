#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/precision.h"
#include "engine/quant/recipe.h"

namespace stampd {

/// Where a transformer's recipe comes from: its own config, if its weights were prepared; else what the user names, or the preset
/// that belongs to a precision.
class RecipeSource {
 public:
  /// `wanted`: a preset's name, a JSON file (quant/recipe_json.h), or empty. Throws BadRequest if `wanted` is neither or if the
  /// weights were prepared by a recipe already; Broken if a file is wrong.
  RecipeSource(const std::filesystem::path& transformer, const std::string& wanted);

  /// What a model is loaded in unless the user says: as it was prepared, or bf16.
  std::vector<Precision> DefaultPrecisions() const;

  /// Nothing for floating-point types. Throws BadRequest if weights that were prepared can't be had in that precision, or if the
  /// recipe's bits are others.
  std::optional<quant::Recipe> For(Precision precision) const;

 private:
  std::optional<quant::Recipe> prepared_;
  std::optional<quant::Recipe> wanted_;
};

/// What a component's weights were prepared by, as its config.json says; nothing if they were not. Broken if that can't be read.
std::optional<quant::Recipe> ReadPrepared(const std::filesystem::path& component);

/// A preset by its name, or else the recipe in that JSON file.
quant::Recipe FindRecipe(const std::string& name_or_file);

}  // namespace stampd
