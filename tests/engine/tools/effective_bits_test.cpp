#include "engine/tools/measure/effective_bits.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/quant/presets.h"
#include "tests/engine/tools/tiny_recipe.h"

namespace stampd::tools {
namespace {

using stampd::testing::TinyRecipe;

// A block of 32 channels: 3, 1 and 4 of its 8 parts of multiply-adds.
const std::vector<LinearShape> kLinears = {
    {"blocks.0.attn1.to_q", 32, 96}, {"blocks.0.attn1.to_out.0", 32, 32}, {"blocks.0.ff.net.0.proj", 32, 128}};

EffectiveBits Count(const quant::Recipe& recipe) { return CountBits(recipe, kLinears, TokenLayout::Tiled({16, 16}, 4)); }

TEST(EffectiveBitsTest, HighTokensCount) {
  EXPECT_DOUBLE_EQ(Count(TinyRecipe()).activations, 4 + 4. / 16);
  EXPECT_DOUBLE_EQ(Count(TinyRecipe(R"(, "high_rule": "none")")).activations, 4);
  EXPECT_DOUBLE_EQ(Count(quant::Preset("w8a8")).activations, 8);
}

TEST(EffectiveBitsTest, LayersWeighTheirMultiplyAdds) {
  const std::string four = R"(, "high_rule": "none", "layers": [)";
  EXPECT_DOUBLE_EQ(Count(TinyRecipe(four + R"({"layers": "to_out", "skip": true}])")).activations, (7 * 4 + 1 * 16) / 8.);
  EXPECT_DOUBLE_EQ(Count(TinyRecipe(four + R"({"layers": "ff", "activation_bits": 8}])")).activations, (4 * 4 + 4 * 8) / 8.);
  EXPECT_DOUBLE_EQ(Count(TinyRecipe(R"(, "skip": true)")).activations, 16);
}

TEST(EffectiveBitsTest, WeightsCountAsTheyAreStored) {
  EXPECT_DOUBLE_EQ(Count(TinyRecipe()).weights, 4 + 32. / 32);
  EXPECT_DOUBLE_EQ(Count(TinyRecipe(R"(, "layers": [{"layers": "ff", "skip": true}])")).weights, (4 * 5 + 4 * 16) / 8.);
  EXPECT_DOUBLE_EQ(Count(TinyRecipe(R"(, "weight_bits": 16)")).weights, 16);
}

TEST(EffectiveBitsTest, AMeanThatIsTakenOutIsOneMoreToken) {
  const quant::Recipe mean = TinyRecipe(R"(, "high_rule": "none", "sequence_transform": "none", "control": "mean")");
  EXPECT_DOUBLE_EQ(Count(mean).activations, 4 + 16. / 256);
}

}  // namespace
}  // namespace stampd::tools
