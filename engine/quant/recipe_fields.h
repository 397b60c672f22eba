#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/io/config.h"
#include "engine/quant/linear_recipe.h"

namespace stampd::quant {

/// A member of LinearRecipe under its name: the one list behind reading, writing, overriding and checking.
struct RecipeField {
  std::string_view key;
  std::string_view expected;  // what may stand there, in words
  bool (*valid)(const LinearRecipe& recipe);
  /// Takes the key's value, which must be there and of the right kind; `valid` says whether it is in its range.
  void (*read)(const io::Config& config, std::string_view key, LinearRecipe& recipe);
  std::string (*json)(const LinearRecipe& recipe);
  void (*copy)(const LinearRecipe& from, LinearRecipe& to);
};

std::span<const RecipeField> RecipeFields();

/// Null if there is no such key.
const RecipeField* FindRecipeField(std::string_view key);

}  // namespace stampd::quant
