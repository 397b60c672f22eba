#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/models/gemma2/model.h"
#include "engine/quant/recipe_json.h"
#include "tests/expect_broken.h"
#include "tests/golden.h"
#include "tests/threads.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::Golden;
using stampd::testing::RelativeError;
using stampd::testing::Threads;

constexpr char kCheckpoint[] = "tests/data/gemma2";

// text-w8a8 or text-w4a8 without groups, for widths of 24, 32 and 40.
quant::Recipe NarrowRecipe(int weight_bits, const std::string& more = {}) {
  return quant::ReadRecipe(io::Config::Parse(
      R"({"quant_method": "stamp", "version": 1, "name": "narrow", "weight_bits": )" + std::to_string(weight_bits) +
          R"(, "activation_bits": 8, "high_rule": "none", "sequence_transform": "none", "hadamard_block": 8)" + more + "}",
      "recipe"));
}

std::unique_ptr<TextEncoder> LoadWith(const quant::Recipe& recipe, torch::ScalarType dtype = torch::kFloat32) {
  const layers::Quantization quantization{.recipe = &recipe};
  return LoadGemma2Encoder(kCheckpoint, dtype, torch::kCPU, &quantization);
}

class Gemma2QuantizedTest : public ::testing::TestWithParam<int> {
 protected:
  quant::Recipe recipe_ = NarrowRecipe(GetParam());
  Golden golden_{"gemma2/golden"};
  torch::Tensor recorded_ = golden_["long.ids"];
  std::vector<std::int64_t> ids_ = {recorded_.const_data_ptr<std::int64_t>(),
                                    recorded_.const_data_ptr<std::int64_t>() + recorded_.numel()};
};

// What rounding costs was found by rounding and turning back, in PyTorch's fp32, what enters the reference's linears.
TEST_P(Gemma2QuantizedTest, EmbeddingsAreAsFarFromTheReferenceAsRoundingMakesThem) {
  const double error = GetParam() == 8 ? 0.0328 : 0.3626;
  const auto found = [&](torch::ScalarType dtype) {
    return RelativeError(LoadWith(recipe_, dtype)->Encode(ids_), golden_["long.eager.fp32"]);
  };
  EXPECT_NEAR(found(torch::kFloat32), error, 0.002);
  EXPECT_NEAR(found(torch::kFloat16), error, 0.01);
  EXPECT_NEAR(found(torch::kBFloat16), error, 0.025);
}

TEST_P(Gemma2QuantizedTest, ThreadsChangeNothing) {
  const auto encoder = LoadWith(recipe_);
  const auto encode = [&](int count) {
    const Threads threads(count);
    return encoder->Encode(ids_);
  };
  EXPECT_TRUE(at::equal(encode(1), encode(2)));
}

TEST_P(Gemma2QuantizedTest, TakesFewerBytesForAsManyParameters) {
  const Footprint plain = LoadGemma2Encoder(kCheckpoint, torch::kFloat32, torch::kCPU)->footprint();
  const Footprint quantized = LoadWith(recipe_)->footprint();
  EXPECT_EQ(quantized.parameters, plain.parameters);
  constexpr std::int64_t kWeights = 3 * (24 * 32 * 2 + 24 * 16 * 2 + 3 * 24 * 40);  // of three layers
  constexpr std::int64_t kOutputs = 3 * (32 + 2 * 16 + 24 + 2 * 40 + 24);           // each has a scale and a sum of its codes
  EXPECT_EQ(plain.resident_bytes - quantized.resident_bytes, 4 * kWeights - kWeights * GetParam() / 8 - 8 * kOutputs);
}

INSTANTIATE_TEST_SUITE_P(WeightBits, Gemma2QuantizedTest, ::testing::Values(8, 4),
                         [](const auto& info) { return "w" + std::to_string(info.param) + "a8"; });

TEST(Gemma2RecipeTest, ExceptionsMustMeanSomeLayer) {
  LoadWith(NarrowRecipe(8, R"(, "layers": [{"layers": "mlp.down_proj", "skip": true}])"));
  ExpectBroken([] { LoadWith(NarrowRecipe(8, R"(, "layers": [{"layers": "attn1", "skip": true}])")); },
               {"[recipe] recipe: narrow: layers", "\"attn1\""});
}

}  // namespace
}  // namespace stampd::models
