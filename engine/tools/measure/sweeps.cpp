#include "engine/tools/measure/sweeps.h"

#include <array>

#include "engine/base/error.h"

namespace stampd::tools {
namespace {

using kernels::SequenceTransform;
using kernels::WeightRounding;
using quant::HighTokenRule;
using quant::LinearRecipe;
using quant::Recipe;
using quant::TokenControl;

template <typename Change>
Recipe With(std::string name, Recipe recipe, const Change& change) {
  change(recipe);
  recipe.name = std::move(name);
  return recipe;
}

// A variation of what all layers do.
template <typename Change>
Recipe Linear(std::string name, const Recipe& base, const Change& change) {
  return With(std::move(name), base, [&](Recipe& recipe) { change(recipe.linear); });
}

void SetSide(Recipe& recipe, int side) { recipe.tile_sides = {quant::TileSide{.side = side}}; }

std::vector<Recipe> Transforms(const Recipe& base) {
  constexpr std::array<std::pair<const char*, SequenceTransform>, 5> kSequence = {{{"none", SequenceTransform::kNone},
                                                                                   {"dct", SequenceTransform::kDct},
                                                                                   {"wht", SequenceTransform::kWht},
                                                                                   {"haar1d", SequenceTransform::kHaar1d},
                                                                                   {"haar2d", SequenceTransform::kHaar2d}}};
  struct Feature {
    const char* name;
    int hadamard_block;
    double smooth_alpha;
  };
  constexpr std::array<Feature, 3> kFeatures = {{{"", 0, 0}, {" + hadamard", 64, 0}, {" + smooth", 0, 0.5}}};
  std::vector<Recipe> recipes;
  for (const Feature& feature : kFeatures) {
    for (const auto& [name, transform] : kSequence) {
      recipes.push_back(Linear(std::string(name) + feature.name, base, [&](LinearRecipe& linear) {
        linear.sequence_transform = transform;
        linear.hadamard_block = feature.hadamard_block;
        linear.smooth_alpha = feature.smooth_alpha;
      }));
    }
  }
  return recipes;
}

std::vector<Recipe> Locality(const Recipe& base) {
  std::vector<Recipe> recipes;
  recipes.push_back(
      Linear("no transform", base, [](LinearRecipe& linear) { linear.sequence_transform = SequenceTransform::kNone; }));
  recipes.push_back(Linear("mean taken out", base, [](LinearRecipe& linear) {
    linear.sequence_transform = SequenceTransform::kNone;
    linear.high_rule = HighTokenRule::kNone;
    linear.control = TokenControl::kMean;
  }));
  for (const int side : {2, 4, 8}) {
    const std::string tiles = "tiles of " + std::to_string(side);
    recipes.push_back(With(tiles, base, [&](Recipe& recipe) { SetSide(recipe, side); }));
    recipes.push_back(With(tiles + ", shuffled", base, [&](Recipe& recipe) {
      SetSide(recipe, side);
      recipe.linear.control = TokenControl::kShuffled;
    }));
  }
  return recipes;
}

// `base` with other numbers of high tokens.
std::vector<Recipe> TokenCounts(const Recipe& base, const std::string& suffix) {
  std::vector<Recipe> recipes;
  recipes.push_back(Linear("no high tokens" + suffix, base, [](LinearRecipe& linear) { linear.high_rule = HighTokenRule::kNone; }));
  for (const int count : {4, 16, 32, 64, 128}) {
    recipes.push_back(Linear(std::to_string(count) + " high tokens" + suffix, base, [&](LinearRecipe& linear) {
      linear.high_rule = HighTokenRule::kFirst;
      linear.high_count = count;
    }));
  }
  return recipes;
}

std::vector<Recipe> Tokens(const Recipe& base) {
  std::vector<Recipe> recipes = TokenCounts(base, "");
  if (base.linear.sequence_transform != SequenceTransform::kNone) {
    const Recipe plain = Linear(base.name, base, [](LinearRecipe& linear) {
      linear.sequence_transform = SequenceTransform::kNone;
      linear.levels = 0;
    });
    const std::vector<Recipe> more = TokenCounts(plain, ", no transform");
    recipes.insert(recipes.end(), more.begin(), more.end());
  }
  for (const int bits : {5, 6, 7}) {
    recipes.push_back(
        Linear(std::to_string(bits) + " bits in the high tokens", base, [&](LinearRecipe& linear) { linear.high_bits = bits; }));
  }
  return recipes;
}

std::vector<Recipe> Levels(const Recipe& base) {
  std::vector<Recipe> recipes;
  for (const int levels : {1, 2, 3}) {
    recipes.push_back(With(std::to_string(levels) + (levels == 1 ? " level" : " levels"), base, [&](Recipe& recipe) {
      SetSide(recipe, 8);
      recipe.linear.levels = levels;
    }));
  }
  return recipes;
}

std::vector<Recipe> Ranges(const Recipe& base) {
  return {
      Linear("symmetric", base, [](LinearRecipe& linear) { linear.activation_symmetric = true; }),
      Linear("activations clipped to 0.9", base, [](LinearRecipe& linear) { linear.activation_clip = 0.9; }),
      Linear("activations in groups of 64", base, [](LinearRecipe& linear) { linear.activation_group = 64; }),
      Linear("weights in groups of 64", base, [](LinearRecipe& linear) { linear.weight_group = 64; }),
      Linear("both in groups of 64", base, [](LinearRecipe& linear) { linear.activation_group = linear.weight_group = 64; }),
      Linear("weights without a clip search", base,
             [](LinearRecipe& linear) { linear.weight_rounding = WeightRounding::kNearest; }),
      Linear("hadamard off", base, [](LinearRecipe& linear) { linear.hadamard_block = 0; }),
  };
}

std::vector<Recipe> Sides(const Recipe& base) {
  return {
      Linear("weights alone", base, [](LinearRecipe& linear) { linear.activation_bits = quant::kExactBits; }),
      Linear("weights alone, groups of 64", base,
             [](LinearRecipe& linear) {
               linear.activation_bits = quant::kExactBits;
               linear.weight_group = 64;
             }),
      Linear("activations alone", base, [](LinearRecipe& linear) { linear.weight_bits = quant::kExactBits; }),
  };
}

std::vector<Recipe> Layers(const Recipe& base) {
  std::vector<Recipe> recipes;
  for (const std::vector<std::string>& kind : std::vector<std::vector<std::string>>{{"attn1.to_q", "attn1.to_k", "attn1.to_v"},
                                                                                    {"attn1.to_out"},
                                                                                    {"attn2.to_q"},
                                                                                    {"attn2.to_out"},
                                                                                    {"ff.net.0"},
                                                                                    {"ff.net.2"}}) {
    recipes.push_back(With("without " + kind.front(), base, [&](Recipe& recipe) {
      for (const std::string& layers : kind) {
        recipe.overrides.push_back({.layers = layers, .values = {.skip = true}, .fields = {"skip"}});
      }
    }));
  }
  return recipes;
}

struct NamedSweep {
  const char* name;
  std::vector<Recipe> (*make)(const Recipe& base);
};

constexpr std::array kSweeps = {NamedSweep{"transforms", Transforms}, NamedSweep{"locality", Locality},
                                NamedSweep{"tokens", Tokens},         NamedSweep{"levels", Levels},
                                NamedSweep{"ranges", Ranges},         NamedSweep{"sides", Sides},
                                NamedSweep{"layers", Layers}};

}  // namespace

std::vector<std::string> SweepNames() {
  std::vector<std::string> names;
  for (const NamedSweep& sweep : kSweeps) names.emplace_back(sweep.name);
  names.emplace_back("all");
  return names;
}

std::vector<Recipe> Sweep(std::string_view name, const Recipe& base) {
  std::vector<Recipe> recipes = {base};
  bool found = name == "all";
  for (const NamedSweep& sweep : kSweeps) {
    if (name != "all" && name != sweep.name) continue;
    found = true;
    for (Recipe& recipe : sweep.make(base)) recipes.push_back(std::move(recipe));
  }
  if (found) return recipes;
  std::string known;
  for (const std::string& one : SweepNames()) known += (known.empty() ? "" : ", ") + one;
  throw BadRequest("--sweep", "expected one of " + known + ", found " + std::string(name));
}

}  // namespace stampd::tools
