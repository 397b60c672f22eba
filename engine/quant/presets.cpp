#include "engine/quant/presets.h"

#include "engine/base/error.h"
#include "engine/io/text.h"

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using kernels::WeightRounding;

LinearRecipe RoundToNearest(int bits) {
  return {.weight_bits = bits,
          .weight_rounding = WeightRounding::kNearest,
          .activation_bits = bits,
          .high_rule = HighTokenRule::kNone,
          .sequence_transform = SequenceTransform::kNone,
          .hadamard_block = 0};
}

LinearRecipe Paper() {
  LinearRecipe linear = RoundToNearest(4);
  linear.weight_group = linear.activation_group = 64;
  linear.high_rule = HighTokenRule::kFirst;
  linear.high_count = 64;
  linear.sequence_transform = SequenceTransform::kHaar2d;
  return linear;
}

// Text has no grid, and a Haar along its tokens gains nothing at 8 bits.
LinearRecipe Text(int weight_bits) {
  LinearRecipe linear = RoundToNearest(8);
  linear.hadamard_block = 64;
  linear.weight_bits = weight_bits;
  if (weight_bits == 4) {
    linear.weight_group = 64;
    linear.weight_rounding = WeightRounding::kMseClip;
  }
  return linear;
}

std::vector<Recipe> AllPresets() {
  return {
      {.name = "stamp-w4a4"},
      {.name = "stamp-w4a8",
       .linear = {.activation_bits = 8, .high_rule = HighTokenRule::kNone, .sequence_transform = SequenceTransform::kNone}},
      {.name = "rtn-w4a4", .linear = RoundToNearest(4)},
      {.name = "w8a8", .linear = RoundToNearest(8)},
      {.name = "paper", .linear = Paper(), .tile_sides = {{}}},
      {.name = "text-w8a8", .linear = Text(8)},
      {.name = "text-w4a8", .linear = Text(4)},
  };
}

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Recipe& preset : AllPresets()) names.push_back(preset.name);
  return names;
}

Recipe Preset(std::string_view name) {
  std::string names;
  for (Recipe& preset : AllPresets()) {
    if (preset.name == name) return std::move(preset);
    names += (names.empty() ? "" : ", ") + preset.name;
  }
  throw BadRequest("recipe", "expected one of " + names + ", found " + io::Quote(name));
}

}  // namespace stampd::quant
