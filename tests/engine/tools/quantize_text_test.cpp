#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/io/checkpoint.h"
#include "engine/io/config.h"
#include "engine/layers/quantization.h"
#include "engine/models/registry.h"
#include "engine/prompt_encoder.h"
#include "engine/quant/presets.h"
#include "engine/quant/recipe_json.h"
#include "engine/recipe_source.h"
#include "engine/text/tokenizer.h"
#include "engine/tools/measure/tensor_sqnr.h"
#include "engine/tools/quantize/quantize.h"
#include "tests/engine/tools/tiny_recipe.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"
#include "tests/tiny_pipeline.h"

namespace stampd::tools {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::PaintLatent;
using stampd::testing::TemporaryFolder;
using stampd::testing::TinyOptions;
using stampd::testing::TinyRecipe;
using stampd::testing::TinyRequest;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;

constexpr const char* kDemo = "demo/pixart-shapes";
constexpr const char* kPrompts = "tests/data/sqnr/prompts.jsonl";

std::string Text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What a pipeline folder encodes prompts with, in fp32.
std::unique_ptr<PromptEncoder> LoadEncoder(const fs::path& folder) {
  const io::Checkpoint checkpoint = io::Checkpoint::Open(folder);
  const std::optional<quant::Recipe> recipe = ReadPrepared(checkpoint.Get("text_encoder").folder);
  const layers::Quantization quantization{.recipe = recipe ? &*recipe : nullptr};
  return std::make_unique<PromptEncoder>(
      text::LoadTokenizer(checkpoint.Get("tokenizer")),
      models::LoadTextEncoder(checkpoint.Get("text_encoder"), torch::kFloat32, torch::kCPU, &quantization), 300);
}

double MeanDb(const PromptEncoder& exact, const PromptEncoder& test) {
  quant::SqnrAverage average;
  for (const Prompt& prompt : ReadPrompts(kPrompts)) {
    const auto encode = [&](const PromptEncoder& encoder) { return encoder.Encode(prompt.text, PromptRole::kNegative, false); };
    average.Add(MeasureTensors(encode(exact), encode(test)));
  }
  return average.MeanDb();
}

class QuantizeTextTest : public ::testing::Test {
 protected:
  fs::path output() const { return folder_.path() / "quantized"; }
  std::map<std::string, QuantizeReport> QuantizeDemo(const quant::Recipe& recipe) const {
    return Quantize({.folder = kDemo, .output = output()}, {{"text_encoder", recipe}});
  }
  QuantizeOptions Tiny() const {
    const LoadOptions tiny = TinyOptions({});
    return {.folder = tiny.folder, .components = tiny.components, .output = output()};
  }

  TemporaryFolder folder_;
};

struct Case {
  const char* name;
  const char* folder;
  const char* recipe;
  double db;    // of the embeddings, as tests/bench/text_transforms.py has it
  double part;  // of the plain encoder's bytes that stay at most, in fp32
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class QuantizeTextPresetsTest : public QuantizeTextTest, public ::testing::WithParamInterface<Case> {};

TEST_P(QuantizeTextPresetsTest, EmbeddingsAreAsFarFromTheExactOnesAsRoundingMakesThem) {
  const auto& [name, folder, recipe, db, part] = GetParam();
  Quantize({.folder = folder, .output = output()}, {{"text_encoder", quant::Preset(recipe)}});
  const auto exact = LoadEncoder(folder), test = LoadEncoder(output());
  EXPECT_NEAR(MeanDb(*exact, *test), db, 0.2);
  const auto bytes = [](const PromptEncoder& encoder) { return static_cast<double>(encoder.encoder().footprint().resident_bytes); };
  EXPECT_LT(bytes(*test), part * bytes(*exact));
}

INSTANTIATE_TEST_SUITE_P(Demos, QuantizeTextPresetsTest,
                         ::testing::Values(Case{"t5_w8a8", kDemo, "text-w8a8", 40.5, 0.45},
                                           Case{"t5_w4a8", kDemo, "text-w4a8", 20.2, 0.35},
                                           Case{"gemma2_w8a8", "demo/sana-shapes", "text-w8a8", 48.9, 0.55},
                                           Case{"gemma2_w4a8", "demo/sana-shapes", "text-w4a8", 28.5, 0.5}),
                         [](const auto& info) { return info.param.name; });

TEST_F(QuantizeTextTest, OnlyTheTextEncoderChanges) {
  const auto reports = QuantizeDemo(quant::Preset("text-w4a8"));
  EXPECT_EQ(std::distance(fs::directory_iterator(output() / "text_encoder"), fs::directory_iterator()), 2)
      << "no scratch file stays";
  for (const char* file : {"model_index.json", "transformer/config.json", "transformer/diffusion_pytorch_model.safetensors",
                           "vae/config.json", "tokenizer/spiece.model"}) {
    EXPECT_EQ(Text(output() / file), Text(fs::path(kDemo) / file)) << file;
  }
  // Two blocks: q, k, v, o of 128 x 128; wi_0, wi_1, wo of 128 and 256.
  constexpr std::uint64_t kWeights = 2 * (4 * 128 * 128 + 3 * 128 * 256), kScales = 2 * (5 * 128 + 2 * 256);
  ASSERT_EQ(reports.size(), 1U);
  const QuantizeReport& report = reports.at("text_encoder");
  EXPECT_EQ(report.linears, 14);
  EXPECT_EQ(report.parameters, kWeights);
  EXPECT_EQ(report.original_bytes, 2 * kWeights);
  EXPECT_EQ(report.quantized_bytes, kWeights / 2 + kWeights / 64 + 4 * kScales);
  const io::Config config = io::Config::Read(output() / "text_encoder/config.json");
  EXPECT_EQ(quant::ToJson(quant::ReadRecipe(config.Object("quantization_config"))), quant::ToJson(quant::Preset("text-w4a8")));
  EXPECT_EQ(config.Int("d_model"), 128);
}

TEST_F(QuantizeTextTest, APipelineHoldsItInLessMemory) {
  QuantizeDemo(quant::Preset("text-w8a8"));
  const auto plain = Pipeline::Load({.folder = kDemo, .precisions = {Precision::kFp32}});
  const auto quantized = Pipeline::Load({.folder = output(), .precisions = {Precision::kFp32}});
  EXPECT_LT(quantized->info().resident_bytes, plain->info().resident_bytes);
  EXPECT_EQ(quantized->info().parameters, plain->info().parameters);
  EXPECT_NE(quantized->info().digest, plain->info().digest);
}

// For the tiny pipeline's text encoder, whose widths are 32, 24 and 48.
quant::Recipe TinyText(const std::string& more = {}) {
  return quant::ReadRecipe(io::Config::Parse(R"({"quant_method": "stamp", "version": 1, "name": "tiny", "weight_bits": 8,
      "activation_bits": 8, "high_rule": "none", "sequence_transform": "none", "hadamard_block": 8)" +
                                                 more + "}",
                                             "recipe"));
}

TEST_F(QuantizeTextTest, BothPartsCanBeQuantizedAtOnceOrOneAfterTheOther) {
  const auto reports = Quantize(Tiny(), {{"transformer", TinyRecipe()}, {"text_encoder", TinyText()}});
  EXPECT_EQ(reports.size(), 2U);
  QuantizeOptions first = Tiny(), second = Tiny();
  first.output = folder_.path() / "first";
  Quantize(first, {{"transformer", TinyRecipe()}});
  second.components["transformer"] = first.output / "transformer";
  second.output = folder_.path() / "second";
  Quantize(second, {{"text_encoder", TinyText()}});
  const auto paint = [](const fs::path& folder) {
    return PaintLatent(*Pipeline::Load({.folder = folder}), TinyRequest(64, 64, 2, 5));
  };
  EXPECT_EQ(paint(output()), paint(second.output));
  EXPECT_NE(paint(output()), paint(first.output));
}

TEST_F(QuantizeTextTest, WhatCantBeDoneIsRefusedBeforeAFolderIsMade) {
  const auto refuse = [&](QuantizeOptions options, const ComponentRecipes& recipes, const char* part) {
    EXPECT_THAT([&] { Quantize(options, recipes); }, ThrowsMessage<BadRequest>(HasSubstr(part)));
    EXPECT_FALSE(fs::exists(options.output));
  };
  refuse(Tiny(), {}, "--recipe: expected one for the transformer or the text encoder");
  refuse(Tiny(), {{"text_encoder", TinyText(R"(, "smooth_alpha": 0.5)")}}, "--text-recipe: expected a recipe that does not smooth");
  QuantizeOptions alone = Tiny(), prompted = Tiny();
  alone.transformer_only = true;
  refuse(alone, {{"text_encoder", TinyText()}}, "--transformer-only: expected a recipe for the transformer alone");
  prompted.prompts = {{.text = "a circle"}};
  refuse(prompted, {{"text_encoder", TinyText()}}, "--prompts: expected none");
}

TEST_F(QuantizeTextTest, ARecipeThatNeedsAGridLeavesNoPipeline) {
  ExpectBroken([&] { QuantizeDemo(quant::Preset("stamp-w4a4")); },
               {"stamp-w4a4: encoder.block.0.layer.0.SelfAttention.q: high_rule", "no grid"});
  EXPECT_FALSE(fs::exists(output() / "model_index.json"));
}

TEST_F(QuantizeTextTest, WhatIsQuantizedAlreadyIsRefused) {
  QuantizeDemo(quant::Preset("text-w8a8"));
  ExpectBroken(
      [&] {
        Quantize({.folder = output(), .output = folder_.path() / "again"}, {{"text_encoder", quant::Preset("text-w8a8")}});
      },
      {(output() / "text_encoder").string(), "not quantized"});
}

TEST_F(QuantizeTextTest, AnotherMethodsConfigIsRefusedByFileAndKey) {
  QuantizeDemo(quant::Preset("text-w8a8"));
  const fs::path config = output() / "text_encoder/config.json";
  std::string text = Text(config);
  text.replace(text.find("\"stamp\""), 7, "\"gptq\"");
  std::ofstream(config) << text;
  ExpectBroken([&] { Pipeline::Load({.folder = output()}); }, {config.string(), "quant_method", "\"stamp\"", "\"gptq\""});
}

// As when a folder's files come from two runs.
TEST_F(QuantizeTextTest, WeightsOfOtherBitsThanTheConfigSaysAreRefused) {
  QuantizeDemo(quant::Preset("text-w8a8"));
  const fs::path config = output() / "text_encoder/config.json";
  std::string text = Text(config);
  text.replace(text.find("\"weight_bits\": 8"), 16, "\"weight_bits\": 4");
  std::ofstream(config) << text;
  ExpectBroken([&] { Pipeline::Load({.folder = output()}); },
               {"text_encoder/model.safetensors", "SelfAttention.q.weight_codes", "expected shape [128, 64]", "found [128, 128]"});
}

}  // namespace
}  // namespace stampd::tools
