#include <map>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/models/t5/model.h"
#include "engine/quant/recipe_json.h"
#include "tests/expect_broken.h"
#include "tests/golden.h"
#include "tests/temporary_folder.h"
#include "tests/threads.h"
#include "tests/written_archive.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::Golden;
using stampd::testing::NamedTensors;
using stampd::testing::RelativeError;
using stampd::testing::TemporaryFolder;
using stampd::testing::Threads;

namespace fs = std::filesystem;

constexpr char kCheckpoint[] = "tests/data/t5";

// text-w8a8 or text-w4a8 without groups, for widths of 24, 18 and 40.
quant::Recipe NarrowRecipe(int weight_bits, const std::string& more = {}) {
  return quant::ReadRecipe(io::Config::Parse(
      R"({"quant_method": "stamp", "version": 1, "name": "narrow", "weight_bits": )" + std::to_string(weight_bits) +
          R"(, "activation_bits": 8, "high_rule": "none", "sequence_transform": "none", "hadamard_block": 8,
             "layers": [{"layers": "SelfAttention.o", "hadamard_block": 2})" +
          more + "]}",
      "recipe"));
}

class PreparedTensors final : public layers::QuantizedWeightSink {
 public:
  void Write(const std::string& name, const ops::QuantizedWeight& weight, const torch::Tensor&) override {
    tensors_.erase(name + ".weight");
    tensors_[name + ".weight_codes"] = weight.codes;
    tensors_[name + ".weight_scales"] = weight.scales;
  }
  const NamedTensors& tensors() const { return tensors_; }

 private:
  NamedTensors tensors_ = stampd::testing::ReadTensors(kCheckpoint, "model");
};

class T5QuantizedTest : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<TextEncoder> Load(torch::ScalarType dtype, const fs::path& folder = kCheckpoint) const {
    const layers::Quantization quantization{.recipe = &recipe_};
    return LoadT5Encoder(folder, dtype, torch::kCPU, &quantization);
  }
  static std::unique_ptr<TextEncoder> LoadPlain(torch::ScalarType dtype, const fs::path& folder = kCheckpoint) {
    return LoadT5Encoder(folder, dtype, torch::kCPU);
  }

  // The checkpoint's folder with other tensors.
  fs::path Write(const NamedTensors& tensors) {
    fs::copy_file(fs::path(kCheckpoint) / "config.json", folder_.path() / "config.json");
    stampd::testing::WriteTensors(tensors, folder_.path() / "model.safetensors");
    return folder_.path();
  }

  quant::Recipe recipe_ = NarrowRecipe(GetParam());
  Golden golden_{"t5/golden"};
  torch::Tensor recorded_ = golden_["long.ids"];
  std::vector<std::int64_t> ids_ = {recorded_.const_data_ptr<std::int64_t>(),
                                    recorded_.const_data_ptr<std::int64_t>() + recorded_.numel()};
  TemporaryFolder folder_;
};

// What rounding costs was found by rounding and turning back, in PyTorch's fp32, what enters the reference's linears.
TEST_P(T5QuantizedTest, EmbeddingsAreAsFarFromTheReferenceAsRoundingMakesThem) {
  const double error = GetParam() == 8 ? 0.0391 : 0.3309;
  const auto found = [&](torch::ScalarType dtype) { return RelativeError(Load(dtype)->Encode(ids_), golden_["long.fp32"]); };
  EXPECT_NEAR(found(torch::kFloat32), error, 0.002);
  EXPECT_NEAR(found(torch::kFloat16), error, 0.01);
  EXPECT_NEAR(found(torch::kBFloat16), error, 0.025);
}

TEST_P(T5QuantizedTest, PreparedWeightsComputeWhatRoundingOnLoadComputes) {
  PreparedTensors prepared;
  const layers::Quantization quantization{.recipe = &recipe_, .sink = &prepared};
  LoadT5Encoder(kCheckpoint, torch::kBFloat16, torch::kCPU, &quantization);
  const fs::path folder = Write(prepared.tensors());
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16, torch::kFloat16}) {
    const auto written = Load(dtype, folder), rounded = Load(dtype);
    EXPECT_TRUE(at::equal(written->Encode(ids_), rounded->Encode(ids_))) << dtype;
    EXPECT_EQ(written->footprint().parameters, rounded->footprint().parameters);
    EXPECT_EQ(written->footprint().resident_bytes, rounded->footprint().resident_bytes);
  }
}

TEST_P(T5QuantizedTest, ThreadsChangeNothing) {
  const auto encoder = Load(torch::kFloat32);
  const auto encode = [&](int count) {
    const Threads threads(count);
    return encoder->Encode(ids_);
  };
  EXPECT_TRUE(at::equal(encode(1), encode(2)));
}

TEST_P(T5QuantizedTest, StatesTheBytesThatStay) {
  constexpr std::int64_t kWeights = 3 * (4 * 24 * 18 + 3 * 24 * 40);    // of three blocks
  constexpr std::int64_t kOutputs = 3 * (3 * 18 + 24 + 2 * 40 + 24);    // each has a scale and a sum of its codes
  constexpr std::int64_t kPlain = 53 * 24 + 32 * 3 + 24 * (2 * 3 + 1);  // table, position biases, norms
  const Footprint footprint = Load(torch::kFloat32)->footprint();
  EXPECT_EQ(footprint.parameters, kWeights + kPlain);
  EXPECT_EQ(footprint.resident_bytes, kWeights * GetParam() / 8 + 8 * kOutputs + 4 * kPlain);
}

// In fp16, what the last linear of a feed-forward answers may leave fp16's range, quantized or not.
TEST_P(T5QuantizedTest, TheLastLinearOfAFeedForwardAnswersInFp32) {
  NamedTensors tensors = stampd::testing::ReadTensors(kCheckpoint, "model");
  torch::Tensor& last = tensors.at("encoder.block.0.layer.1.DenseReluDense.wo.weight");
  last = last * 40000;
  const fs::path folder = Write(tensors);
  const torch::Tensor half = Load(torch::kFloat16, folder)->Encode(ids_);
  EXPECT_TRUE(torch::isfinite(half).all().item<bool>());
  EXPECT_LT(RelativeError(half, Load(torch::kFloat32, folder)->Encode(ids_)), 0.02);
}

INSTANTIATE_TEST_SUITE_P(WeightBits, T5QuantizedTest, ::testing::Values(8, 4),
                         [](const auto& info) { return "w" + std::to_string(info.param) + "a8"; });

void LoadWith(const quant::Recipe& recipe) {
  const layers::Quantization quantization{.recipe = &recipe};
  LoadT5Encoder(kCheckpoint, torch::kFloat32, torch::kCPU, &quantization);
}

TEST(T5RecipeTest, ExceptionsMustMeanSomeLayer) {
  EXPECT_NO_THROW(LoadWith(NarrowRecipe(8, R"(, {"layers": "DenseReluDense.wo", "skip": true})")));
  ExpectBroken([] { LoadWith(NarrowRecipe(8, R"(, {"layers": "attn1", "skip": true})")); },
               {"[recipe] recipe: narrow: layers", "\"attn1\""});
}

TEST(T5RecipeTest, WhatCantBeRunIsRefusedByLayerAndKey) {
  ExpectBroken([] { LoadWith(NarrowRecipe(8, R"(, {"layers": "wo", "weight_bits": 4, "weight_group": 64})")); },
               {"[recipe] recipe: narrow: encoder.block.0.layer.1.DenseReluDense.wo: weight_group", "width 40", "found 64"});
  ExpectBroken([] { LoadWith(NarrowRecipe(8, R"(, {"layers": "wo", "high_rule": "dc"})")); },
               {"encoder.block.0.layer.1.DenseReluDense.wo: high_rule", "no grid", "found \"dc\""});
}

}  // namespace
}  // namespace stampd::models
