#pragma once

#include <string>

#include "engine/io/config.h"
#include "engine/quant/recipe_json.h"
#include "tests/tiny_pipeline.h"

namespace stampd::testing {

/// NarrowRecipe with `more`, read.
inline quant::Recipe TinyRecipe(const std::string& more = {}) {
  return quant::ReadRecipe(io::Config::Parse(NarrowRecipe(more), "recipe"));
}

}  // namespace stampd::testing
