#include "engine/quant/recipe.h"

#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/quant/presets.h"
#include "tests/expect_broken.h"

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using stampd::testing::ExpectBroken;

const std::vector<std::string> kQuery = {"transformer_blocks.3.attn2.to_q"};

TEST(PresetTest, AllPassTheirOwnChecksAndRunOnEveryNetworksWidths) {
  for (const std::string& name : PresetNames()) {
    SCOPED_TRACE(name);
    const Recipe recipe = Preset(name);
    EXPECT_EQ(recipe.name, name);
    recipe.Check(name);
    for (const int width : {192, 1152, 2240, 4608}) EXPECT_EQ(recipe.Resolve(kQuery, width), recipe.linear);
  }
}

TEST(PresetTest, AnUnknownNameIsTheCallersMistake) {
  try {
    Preset("w2a2");
    FAIL() << "expected BadRequest";
  } catch (const BadRequest& error) {
    EXPECT_STREQ(error.what(),
                 "recipe: expected one of stamp-w4a4, stamp-w4a8, rtn-w4a4, w8a8, paper, text-w8a8, text-w4a8, found \"w2a2\"");
  }
}

TEST(PresetTest, ThoseForTextNeedNoGridAndRunOnEveryTextEncodersWidths) {
  const std::vector<std::string> layers = {"encoder.block.0.layer.0.SelfAttention.q"};
  for (const char* name : {"text-w8a8", "text-w4a8", "w8a8", "stamp-w4a8"}) {
    const Recipe recipe = Preset(name);
    EXPECT_FALSE(recipe.linear.needs_grid()) << name;
    for (const int width : {2048, 2304, 4096, 9216, 10240}) EXPECT_EQ(recipe.ResolveForText(layers, width), recipe.linear) << name;
  }
  for (const char* name : {"stamp-w4a4", "paper"}) {
    EXPECT_TRUE(Preset(name).linear.needs_grid());
    ExpectBroken([&] { Preset(name).ResolveForText(layers, 4096); }, {name, layers.front(), "high_rule", "no grid"});
  }
}

TEST(PresetTest, TheDefaultIsStampW4A4) { EXPECT_EQ(Preset("stamp-w4a4").linear, LinearRecipe{}); }

TEST(RecipeTest, LaterOverridesCount) {
  const Recipe recipe{.name = "test",
                      .overrides = {{"attn2", {.weight_bits = 8, .hadamard_block = 128}, {"weight_bits", "hadamard_block"}},
                                    {"attn2.to_q", {.hadamard_block = 0}, {"hadamard_block"}},
                                    {"ff", {.skip = true}, {"skip"}}}};
  recipe.Check("test");
  EXPECT_EQ(recipe.Resolve(kQuery, 192), (LinearRecipe{.weight_bits = 8, .hadamard_block = 0}));
  EXPECT_EQ(recipe.Resolve(std::vector<std::string>{"transformer_blocks.0.attn2.to_out.0"}, 1152),
            (LinearRecipe{.weight_bits = 8, .hadamard_block = 128}));
  EXPECT_EQ(recipe.Resolve(std::vector<std::string>{"transformer_blocks.0.attn1.to_q"}, 192), LinearRecipe{});
  EXPECT_TRUE(recipe.Resolve(std::vector<std::string>{"transformer_blocks.0.ff.net.2"}, 77).skip);
}

TEST(RecipeTest, LayersOfOneInputMustAgree) {
  const std::vector<std::string> layers = {"blocks.0.attn1.to_q", "blocks.0.attn1.to_k", "blocks.0.attn1.to_v"};
  Recipe recipe{.name = "mine", .overrides = {{"attn1.to_?", {.activation_bits = 8}, {"activation_bits"}}}};
  EXPECT_EQ(recipe.Resolve(layers, 192).activation_bits, 8);
  recipe.overrides[0].layers = "attn1.to_v";
  ExpectBroken([&] { recipe.Resolve(layers, 192); },
               {"[recipe] mine: layers: expected the same for blocks.0.attn1.to_q and blocks.0.attn1.to_v, which read one input"});
}

TEST(RecipeTest, AnOverrideMustMeanSomeLayer) {
  Recipe recipe{.name = "mine", .overrides = {{"attn2.to_out", {.skip = true}, {"skip"}}}};
  recipe.CheckLayers(std::vector<std::string>{"blocks.0.attn1.to_q", "blocks.0.attn2.to_out.0"});
  ExpectBroken([&] { recipe.CheckLayers(kQuery); },
               {"[recipe] mine: layers: expected a pattern that some layer matches, found \"attn2.to_out\""});
}

TEST(RecipeTest, TilesAreSmallerOnSmallGrids) {
  const Recipe recipe{.tile_sides = {{256, 2}, {1024, 4}, {}}};
  EXPECT_EQ(recipe.SideFor(1), 2);
  EXPECT_EQ(recipe.SideFor(256), 2);
  EXPECT_EQ(recipe.SideFor(257), 4);
  EXPECT_EQ(recipe.SideFor(4096), 8);
}

struct Refusal {
  std::function<void(Recipe&)> change;
  std::string message;  // all but the place
};

void ExpectRefused(const Refusal& refusal, const std::function<void(const Recipe&)>& action, const std::string& place) {
  Recipe recipe{.name = "mine"};
  refusal.change(recipe);
  ExpectBroken([&] { action(recipe); }, {"[recipe] " + place + ": " + refusal.message});
}

TEST(RecipeTest, ValuesOutOfTheirRangesAreRefused) {
  const Refusal refusals[] = {
      {[](Recipe& r) { r.linear.weight_bits = 3; }, "weight_bits: expected 4, 8 or 16, found 3"},
      {[](Recipe& r) { r.linear.weight_group = 32; }, "weight_group: expected 0 or 64, found 32"},
      {[](Recipe& r) { r.linear.activation_bits = 6; }, "activation_bits: expected 4, 8 or 16, found 6"},
      {[](Recipe& r) { r.linear.activation_group = 1; }, "activation_group: expected 0 or 64, found 1"},
      {[](Recipe& r) { r.linear.activation_clip = 0; }, "activation_clip: expected 0.5 to 1, found 0"},
      {[](Recipe& r) { r.linear.high_count = 0; }, "high_count: expected 1 or more, found 0"},
      {[](Recipe& r) { r.linear.high_bits = 9; }, "high_bits: expected 4 to 8, found 9"},
      {[](Recipe& r) { r.linear.levels = -1; }, "levels: expected 0 to 6, found -1"},
      {[](Recipe& r) { r.linear.hadamard_block = 96; }, "hadamard_block: expected 0 or a power of two from 2 to 4096, found 96"},
      {[](Recipe& r) { r.linear.smooth_alpha = 1; }, "smooth_alpha: expected 0 or more, and under 1, found 1"},
      {[](Recipe& r) { r.tile_sides = {}; }, "tile_sides: expected a last entry without max_tokens"},
      {[](Recipe& r) {
         r.tile_sides = {{100, 4}};
       },
       "tile_sides: expected a last entry without max_tokens"},
      {[](Recipe& r) { r.tile_sides[0].side = 6; }, "tile_sides: expected sides that are powers of two up to 64, found 6"},
      {[](Recipe& r) { r.tile_sides[0].side = 128; }, "tile_sides: expected sides that are powers of two up to 64, found 128"},
      {[](Recipe& r) {
         r.tile_sides = {{100, 4}, {100, 4}, {}};
       },
       "tile_sides: expected max_tokens to rise from 1 on, found 100 after 100"},
      {[](Recipe& r) { r.tile_sides[0].max_tokens = 0; }, "tile_sides: expected max_tokens to rise from 1 on, found 0 after 0"},
  };
  for (const Refusal& refusal : refusals) {
    ExpectRefused(
        refusal, [](const Recipe& recipe) { recipe.Check("recipe.json"); }, "recipe.json");
  }
}

TEST(RecipeTest, ValuesOfOverridesAreCheckedToo) {
  const Refusal refusals[] = {
      {[](Recipe& r) {
         r.overrides = {{}, {"ff", {.weight_bits = 5}, {"weight_bits"}}};
         r.overrides[0].layers = "ff";
       },
       "layers[1]: weight_bits: expected 4, 8 or 16, found 5"},
      {[](Recipe& r) {
         r.overrides = {{"ff", {}, {"weight_bit"}}};
       },
       "layers[0]: weight_bit: expected a field of a recipe, found no such key"},
      {[](Recipe& r) {
         r.overrides = {{"", {}, {}}};
       },
       "layers[0]: layers: expected a pattern of layers' names, found \"\""},
  };
  for (const Refusal& refusal : refusals) {
    ExpectRefused(
        refusal, [](const Recipe& recipe) { recipe.Check("recipe.json"); }, "recipe.json");
  }
}

TEST(RecipeTest, WhatDoesNotGoTogetherIsRefusedForTheWholeAndForALayer) {
  const Refusal refusals[] = {
      {[](Recipe& r) { r.linear.weight_bits = 8, r.linear.weight_group = 64; },
       "weight_group: expected 0 where weight_bits is not 4, found 64"},
      {[](Recipe& r) { r.linear.sequence_transform = SequenceTransform::kDct, r.linear.levels = 2; },
       "levels: expected 0 where sequence_transform is not haar1d or haar2d, found 2"},
      {[](Recipe& r) { r.linear.levels = 4; }, "levels: expected at most 3, which the largest of tile_sides has, found 4"},
      {[](Recipe& r) { r.linear.activation_bits = 8, r.linear.high_bits = 6; },
       "high_bits: expected activation_bits (8) or more, found 6"},
      {[](Recipe& r) { r.linear.control = TokenControl::kMean; },
       "control: expected none or shuffled where high_rule or sequence_transform is not none, found mean"},
  };
  for (const Refusal& refusal : refusals) {
    ExpectRefused(
        refusal, [](const Recipe& recipe) { recipe.Check("recipe.json"); }, "recipe.json");
    ExpectRefused(
        refusal, [](const Recipe& recipe) { recipe.Resolve(kQuery, 192); }, "mine: " + kQuery[0]);
  }
}

TEST(RecipeTest, HadamardBlocksDivideTheLayersWidth) {
  const auto block = [](int wanted, int width) {
    return Recipe{.name = "mine", .linear = {.weight_bits = 8, .hadamard_block = wanted}}.Resolve(kQuery, width).hadamard_block;
  };
  EXPECT_EQ(block(64, 2240), 64);
  EXPECT_EQ(block(64, 5600), 32);
  EXPECT_EQ(block(256, 1152), 128);
  EXPECT_EQ(block(16, 1152), 16);
  EXPECT_EQ(block(64, 97), 0);
  EXPECT_EQ(block(0, 1152), 0);
}

TEST(RecipeTest, WhatALayersWidthDoesNotAllowIsRefused) {
  const auto resolve = [](int width) { return [width](const Recipe& recipe) { recipe.Resolve(kQuery, width); }; };
  const std::string place = "mine: " + kQuery[0];
  ExpectRefused({[](Recipe& r) { r.linear.hadamard_block = 0, r.linear.activation_group = 64; },
                 "activation_group: expected a divisor of the layer's width 96, found 64"},
                resolve(96), place);
  ExpectRefused({[](Recipe& r) { r.linear.hadamard_block = 0, r.linear.weight_group = 64; },
                 "weight_group: expected a divisor of the layer's width 96, found 64"},
                resolve(96), place);
  ExpectRefused(
      {[](Recipe& r) { r.linear.hadamard_block = 0; }, "weight_bits: expected 8 or 16, as the layer's width 97 is odd, found 4"},
      resolve(97), place);
  ExpectRefused({[](Recipe&) {}, "skip: expected true, as the layer's width 131072 is over 65536, found false"}, resolve(131072),
                place);
}

TEST(RecipeTest, ASkippedLayerIsNotHeldToWhatItDoesNotUse) {
  const Recipe recipe{.name = "mine", .overrides = {{"attn2", {.skip = true}, {"skip"}}}};
  EXPECT_TRUE(recipe.Resolve(kQuery, 97).skip);
}

}  // namespace
}  // namespace stampd::quant
