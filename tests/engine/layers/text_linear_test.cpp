#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/layers/image_linear.h"
#include "engine/layers/quantization.h"
#include "engine/quant/presets.h"
#include "engine/quant/recipe_json.h"
#include "tests/engine/layers/reference_stamp.h"
#include "tests/engine/ops/packed_grids.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"
#include "tests/threads.h"
#include "tests/written_archive.h"

namespace stampd::layers {
namespace {

using quant::Recipe;
using stampd::testing::DrawTokens;
using stampd::testing::ExpectBroken;
using stampd::testing::NamedTensors;
using stampd::testing::ReferenceProduct;
using stampd::testing::ReferenceWeight;
using stampd::testing::SqnrDb;
using stampd::testing::TemporaryFolder;
using stampd::testing::Threads;

constexpr std::int64_t kIn = 192, kOut = 80, kTokens = 77;

class TextLinearTest : public ::testing::Test {
 protected:
  TextLinearTest() {
    at::manual_seed(41);
    for (const char* leaf : {"q", "k"}) tensors_[std::string("block.") + leaf + ".weight"] = at::randn({kOut, kIn}) * 0.1;
    x_ = DrawTokens(kTokens, kIn);
  }

  std::unique_ptr<const TokenLinear> Load(const Recipe* recipe, torch::ScalarType dtype = torch::kFloat32) const {
    const TemporaryFolder folder;
    stampd::testing::WriteTensors(tensors_, folder.path() / "model.safetensors");
    const Quantization quantization{.recipe = recipe};
    Weights weights(io::TensorArchive::Open(folder.path(), "model"), torch::kBFloat16, torch::kCPU, &quantization);
    return LoadTextLinear((WeightScope(weights) / "block").As(dtype), {"q", "k"}, kIn, kOut, /*bias=*/false);
  }

  torch::Tensor Weight() const { return at::cat({tensors_.at("block.q.weight"), tensors_.at("block.k.weight")}); }

  NamedTensors tensors_;
  torch::Tensor x_;
};

class TextLinearPresetsTest : public TextLinearTest, public ::testing::WithParamInterface<const char*> {
 protected:
  Recipe recipe_ = quant::Preset(GetParam());
};

TEST_P(TextLinearPresetsTest, ComputesWhatTheReferenceComputes) {
  const TokenLayout any = TokenLayout::Tiled({1, kTokens}, 1);
  const torch::Tensor v = ReferenceWeight(recipe_.linear, Weight(), {});
  EXPECT_GT(SqnrDb(Load(&recipe_)->Forward(x_), ReferenceProduct(recipe_.linear, x_, any, v, {})), 50);
}

TEST_P(TextLinearPresetsTest, ATokensBytesDependOnThatTokenAlone) {
  const auto linear = Load(&recipe_);
  const torch::Tensor together = linear->Forward(x_);
  for (const std::int64_t row : {std::int64_t{0}, std::int64_t{30}, kTokens - 1}) {
    EXPECT_TRUE(at::equal(linear->Forward(x_.narrow(0, row, 1)), together.narrow(0, row, 1))) << row;
  }
  const Threads two(2);
  EXPECT_TRUE(at::equal(linear->Forward(x_), together));
}

TEST_P(TextLinearPresetsTest, AGridChangesNothing) {
  const auto linear = Load(&recipe_);
  const TokenLayout layout = TokenLayout::Tiled({7, 11}, 4);
  const ops::Segment segment{0, kTokens, &layout};
  EXPECT_TRUE(at::equal(linear->Forward(x_, {&segment, 1}, ops::Activation::kNone), linear->Forward(x_)));
}

INSTANTIATE_TEST_SUITE_P(Presets, TextLinearPresetsTest, ::testing::Values("text-w8a8", "text-w4a8", "w8a8", "stamp-w4a8"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_F(TextLinearTest, AnswersInTheDtypeThatItIsGiven) {
  const Recipe recipe = quant::Preset("text-w8a8");
  const torch::Tensor exact = Load(&recipe)->Forward(x_);
  const torch::Tensor half = Load(&recipe, torch::kFloat16)->Forward(x_.to(torch::kFloat16));
  EXPECT_EQ(half.scalar_type(), torch::kFloat16);
  EXPECT_GT(SqnrDb(half, exact), 45);
}

// The network computes in bf16, this layer of it in fp32.
TEST_F(TextLinearTest, WithoutARecipeItIsInItsScopesPrecision) {
  const Recipe skipping{.name = "none", .linear = {.skip = true}};
  for (const Recipe* const recipe : {static_cast<const Recipe*>(nullptr), &skipping}) {
    const torch::Tensor y = Load(recipe)->Forward(x_);
    EXPECT_EQ(y.scalar_type(), torch::kFloat32);
    EXPECT_GT(SqnrDb(y, at::linear(x_, Weight())), 120);
  }
  EXPECT_EQ(Load(nullptr, torch::kBFloat16)->Forward(x_.to(torch::kBFloat16)).scalar_type(), torch::kBFloat16);
}

TEST_F(TextLinearTest, ARecipeThatNeedsAGridIsRefusedByFileLayerAndKey) {
  const auto load = [&](const std::string& fields) {
    const std::string json = R"({"quant_method": "stamp", "version": 1, "name": "mine", )" + fields + "}";
    const Recipe recipe = quant::ReadRecipe(io::Config::Parse(json, "text_encoder/config.json"));
    Load(&recipe);
  };
  const std::string place = "[recipe] text_encoder/config.json: mine: block.q: ";
  const std::string expected = R"(: expected "none" for the tokens of a text, which have no grid, found )";
  ExpectBroken([&] { load(R"("activation_bits": 8)"); }, {place + "high_rule" + expected + R"("dc")"});
  ExpectBroken([&] { load(R"("high_rule": "none", "sequence_transform": "haar1d")"); },
               {place + "sequence_transform" + expected + R"("haar1d")"});
  ExpectBroken([&] { load(R"("high_rule": "none", "sequence_transform": "none", "control": "mean")"); },
               {place + "control" + expected + R"("mean")"});
  EXPECT_NO_THROW(load(R"("high_rule": "none", "sequence_transform": "none")"));
}

}  // namespace
}  // namespace stampd::layers
