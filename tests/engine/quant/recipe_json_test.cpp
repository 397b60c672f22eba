#include "engine/quant/recipe_json.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/quant/presets.h"
#include "tests/expect_broken.h"

namespace stampd::quant {
namespace {

using stampd::testing::ExpectBroken;
using ::testing::HasSubstr;

Recipe Read(const std::string& json) { return ReadRecipe(io::Config::Parse(json, "recipe.json")); }

// `fields` behind what every recipe begins with.
Recipe ReadFields(const std::string& fields) { return Read(R"({"quant_method": "stamp", "version": 1)" + fields + "}"); }

TEST(RecipeJsonTest, PresetsComeBackAsTheyWere) {
  for (const std::string& name : PresetNames()) {
    const Recipe preset = Preset(name), read = Read(ToJson(preset));
    EXPECT_EQ(read.name, name);
    EXPECT_EQ(read.linear, preset.linear);
    EXPECT_EQ(read.tile_sides, preset.tile_sides);
    EXPECT_TRUE(read.overrides.empty());
  }
}

// No field at its default, so that one that were forgotten would show.
TEST(RecipeJsonTest, EveryFieldComesBackAsItWas) {
  const LinearRecipe linear{.skip = true,
                            .weight_bits = 16,
                            .weight_group = 64,
                            .weight_rounding = kernels::WeightRounding::kNearest,
                            .activation_bits = 8,
                            .activation_group = 64,
                            .activation_symmetric = true,
                            .activation_clip = 0.1 + 0.6,
                            .high_rule = HighTokenRule::kFirst,
                            .high_count = 77,
                            .high_bits = 6,
                            .sequence_transform = kernels::SequenceTransform::kHaar1d,
                            .levels = 2,
                            .control = TokenControl::kShuffled,
                            .hadamard_block = 512,
                            .smooth_alpha = 1.0 / 3};
  const Recipe recipe{.name = "a \"name\"",
                      .linear = linear,
                      .overrides = {{"attn2.to_out", {.skip = true}, {"skip"}},
                                    {"ff.*", {.weight_bits = 8, .smooth_alpha = 0.5}, {"smooth_alpha", "weight_bits"}}},
                      .tile_sides = {{256, 2}, {1024, 4}, {.side = 16}}};
  const Recipe read = Read(ToJson(recipe));
  EXPECT_EQ(read.name, recipe.name);
  EXPECT_EQ(read.linear, linear);
  EXPECT_EQ(read.tile_sides, recipe.tile_sides);
  ASSERT_EQ(read.overrides.size(), 2u);
  EXPECT_EQ(read.overrides[0].layers, "attn2.to_out");
  EXPECT_EQ(read.overrides[0].fields, recipe.overrides[0].fields);
  EXPECT_EQ(read.overrides[0].values, recipe.overrides[0].values);
  EXPECT_EQ(read.overrides[1].layers, "ff.*");
  EXPECT_EQ(read.overrides[1].fields, recipe.overrides[1].fields);
  EXPECT_EQ(read.overrides[1].values, recipe.overrides[1].values);
}

TEST(RecipeJsonTest, WhatIsAbsentHasItsDefault) {
  const Recipe read = ReadFields(R"(, "levels": 2)");
  EXPECT_EQ(read.linear, (LinearRecipe{.levels = 2}));
  EXPECT_EQ(read.tile_sides, Recipe{}.tile_sides);
  EXPECT_EQ(read.name, "recipe.json");
}

TEST(RecipeJsonTest, IsReadableByPeople) {
  EXPECT_THAT(ToJson(Preset("stamp-w4a4")), HasSubstr("\n  \"version\": 1,\n  \"name\": \"stamp-w4a4\",\n  \"skip\": false,"));
  EXPECT_THAT(ToJson(Preset("stamp-w4a4")), HasSubstr("\"tile_sides\": [{\"max_tokens\": 2048, \"side\": 4}, {\"side\": 8}]"));
}

TEST(RecipeJsonTest, EveryRefusalSaysWhereAndWhy) {
  const struct {
    std::string fields;
    std::string message;
  } cases[] = {
      {R"(, "weight_bits": 3)", "[recipe] recipe.json: weight_bits: expected 4, 8 or 16, found 3"},
      {R"(, "weight_bits": 4e9)", "recipe.json: weight_bits: expected 4, 8 or 16, found 2147483647"},
      {R"(, "weight_bits": "4")", "recipe.json: weight_bits: expected a whole number"},
      {R"(, "weight_bit": 4)", "[recipe] recipe.json: \"weight_bit\": expected a field of a recipe, found no such key"},
      {R"(, "activation_clip": NaN)", "activation_clip: expected 0.5 to 1, found nan"},
      {R"(, "sequence_transform": "haar")",
       R"(sequence_transform: expected one of "none", "haar1d", "haar2d", "dct", "wht", found the string "haar")"},
      {R"(, "sequence_transform": 2)", "sequence_transform: expected one of"},
      {R"(, "layers": {})", "layers: expected a list of objects, found an object"},
      {R"(, "layers": [{"skip": true}])", "layers[0].layers: expected a string, found no such key"},
      {R"(, "layers": [{"layers": "ff", "skip": 1}])", "layers[0].skip: expected true or false, found the number 1"},
      {R"(, "layers": [{"layers": "ff"}, {"layers": "ff", "bits": 4}])",
       "recipe.json: layers[1].\"bits\": expected a field of a recipe, found no such key"},
      {R"(, "layers": [{"layers": "ff", "control": "sorted"}])",
       R"(layers[0].control: expected one of "none", "shuffled", "mean")"},
      {R"(, "layers": [{"layers": "ff", "levels": 7}])", "recipe.json: layers[0]: levels: expected 0 to 6, found 7"},
      {R"(, "tile_sides": [{"max_tokens": 16, "size": 4}])",
       "tile_sides[0].\"size\": expected max_tokens or side, found no such key"},
      {R"(, "tile_sides": [{"max_tokens": 16}])", "tile_sides[0].side: expected a whole number"},
      {R"(, "tile_sides": [{"side": 4294967304}])", "tile_sides: expected sides that are powers of two up to 64, found 0"},
      {R"(, "tile_sides": [])", "tile_sides: expected a last entry without max_tokens"},
      {R"(, "levels": 3, "tile_sides": [{"side": 4}])", "levels: expected at most 2, which the largest of tile_sides has, found 3"},
  };
  for (const auto& refused : cases) {
    SCOPED_TRACE(refused.fields);
    ExpectBroken([&] { ReadFields(refused.fields); }, {refused.message});
  }
}

TEST(RecipeJsonTest, OtherMethodsAndVersionsAreRefused) {
  ExpectBroken([] { Read(R"({"quant_method": "awq", "version": 1})"); },
               {R"([recipe] recipe.json: quant_method: expected "stamp", found "awq")"});
  ExpectBroken([] { Read(R"({"quant_method": "stamp", "version": 2})"); }, {"[recipe] recipe.json: version: expected 1, found 2"});
  ExpectBroken([] { Read(R"({"version": 1})"); }, {"quant_method: expected a string, found no such key"});
  ExpectBroken([] { Read(R"({"quant_method": "stamp"})"); }, {"version: expected a whole number of 64 bits, found no such key"});
}

}  // namespace
}  // namespace stampd::quant
