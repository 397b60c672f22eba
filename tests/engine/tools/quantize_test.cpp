#include "engine/tools/quantize/quantize.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/diffusion_pipeline.h"
#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/models/registry.h"
#include "engine/quant/recipe_json.h"
#include "engine/tools/measure/calibrate.h"
#include "tests/engine/tools/tiny_recipe.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"
#include "tests/tiny_pipeline.h"

namespace stampd::tools {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::NarrowRecipe;
using stampd::testing::PaintLatent;
using stampd::testing::RecipeFile;
using stampd::testing::TemporaryFolder;
using stampd::testing::TinyOptions;
using stampd::testing::TinyRecipe;
using stampd::testing::TinyRequest;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace fs = std::filesystem;

constexpr const char* kStem = "diffusion_pytorch_model";

// Everything that changes what a prepared weight looks like: one layer in groups, one of 8 bits, one left alone.
constexpr const char* kMixed = R"(, "layers": [
    {"layers": "ff.net.2", "weight_group": 64, "activation_group": 64},
    {"layers": "attn2.to_q", "weight_bits": 8, "activation_bits": 8},
    {"layers": "attn2.to_out", "skip": true}])";

QuantizeOptions TinyInto(const fs::path& output) {
  const LoadOptions tiny = TinyOptions({});
  return {.folder = tiny.folder, .components = tiny.components, .output = output};
}

std::string Bytes(const io::TensorRecord& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

std::string Text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class QuantizeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    report_ = Quantize(TinyInto(output()), {{"transformer", TinyRecipe(kMixed)}}).at("transformer");
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static fs::path output() { return folder_->path() / "new" / "prepared"; }
  static std::unique_ptr<Pipeline> LoadPrepared() { return Pipeline::Load({.folder = output()}); }

  static std::unique_ptr<TemporaryFolder> folder_;
  static QuantizeReport report_;
};

std::unique_ptr<TemporaryFolder> QuantizeTest::folder_;
QuantizeReport QuantizeTest::report_;

TEST_F(QuantizeTest, WhatIsWrittenPaintsAsWhatIsQuantizedOnLoad) {
  const auto prepared = LoadPrepared();
  EXPECT_THAT(prepared->info().precisions, ::testing::ElementsAre(Precision::kW4A4));
  const RecipeFile recipe(NarrowRecipe(kMixed));
  const auto rounded = Pipeline::Load(TinyOptions({Precision::kW4A4}, recipe.path()));
  const Request request = TinyRequest(80, 96, 3, 5);
  EXPECT_EQ(PaintLatent(*prepared, request), PaintLatent(*rounded, request));
  EXPECT_EQ(prepared->info().parameters, rounded->info().parameters);
  EXPECT_EQ(prepared->info().resident_bytes, rounded->info().resident_bytes);
}

TEST_F(QuantizeTest, TheTransformerAloneStandsInForTheOriginal) {
  QuantizeOptions options = TinyInto(folder_->path() / "transformer_alone");
  options.transformer_only = true;
  Quantize(options, {{"transformer", TinyRecipe(kMixed)}});
  LoadOptions load = TinyOptions({});
  load.components["transformer"] = options.output;
  EXPECT_FALSE(fs::exists(options.output / "model_index.json"));
  const Request request = TinyRequest(64, 64, 2, 5);
  EXPECT_EQ(PaintLatent(*Pipeline::Load(load), request), PaintLatent(*LoadPrepared(), request));
}

// Linears that were quantized, out of every name of a tensor.
bool IsQuantized(const std::string& name) {
  if (!name.starts_with("transformer_blocks.") || !name.ends_with(".weight")) return false;
  for (const char* linear : {"attn1.", "attn2.to_q.", "ff.net."}) {
    if (name.find(linear) != name.npos) return true;
  }
  return false;
}

TEST_F(QuantizeTest, OtherTensorsAreCopiedByteForByte) {
  const auto before = io::TensorArchive::Open("tests/data/pipeline/transformer", kStem);
  const auto after = io::TensorArchive::Open(output() / "transformer", kStem);
  std::set<std::string> expected;
  for (const io::TensorRecord& record : before->tensors()) {
    if (IsQuantized(record.name)) {
      expected.insert(record.name + "_codes");
      expected.insert(record.name + "_scales");
      if (record.name.ends_with("ff.net.2.weight")) expected.insert(record.name + "_multipliers");
      continue;
    }
    expected.insert(record.name);
    const io::TensorRecord* const copy = after->Find(record.name);
    ASSERT_NE(copy, nullptr) << record.name;
    EXPECT_EQ(copy->dtype, record.dtype) << record.name;
    EXPECT_EQ(copy->shape, record.shape) << record.name;
    EXPECT_EQ(Bytes(*copy), Bytes(record)) << record.name;
  }
  std::set<std::string> found;
  for (const io::TensorRecord& record : after->tensors()) found.insert(record.name);
  EXPECT_EQ(found, expected);
}

TEST_F(QuantizeTest, PreparedTensorsHaveTheDocumentedForm) {
  const auto archive = io::TensorArchive::Open(output() / "transformer", kStem);
  const auto expect = [&](const std::string& name, io::DType dtype, const std::vector<std::int64_t>& shape) {
    const io::TensorRecord* const record = archive->Find("transformer_blocks.1." + name);
    ASSERT_NE(record, nullptr) << name;
    EXPECT_EQ(record->dtype, dtype) << name;
    EXPECT_EQ(record->shape, shape) << name;
  };
  expect("attn1.to_v.weight_codes", io::DType::kU8, {32, 16});
  expect("attn1.to_v.weight_scales", io::DType::kF32, {32});
  expect("attn2.to_q.weight_codes", io::DType::kU8, {32, 32});
  expect("ff.net.2.weight_codes", io::DType::kU8, {32, 64});
  expect("ff.net.2.weight_multipliers", io::DType::kU8, {32, 2});
}

TEST_F(QuantizeTest, OtherComponentsAreCopied) {
  for (const char* file : {"text_encoder/model.safetensors", "vae/diffusion_pytorch_model.safetensors", "vae/config.json",
                           "scheduler/scheduler_config.json", "model_index.json"}) {
    EXPECT_EQ(Text(output() / file), Text(fs::path("tests/data/pipeline") / file)) << file;
  }
  EXPECT_EQ(Text(output() / "tokenizer/spiece.model"), Text("tests/data/tokenizer/spiece.model"));
}

TEST_F(QuantizeTest, TheConfigIsTheOldOneWithTheRecipe) {
  const io::Config before = io::Config::Read("tests/data/pipeline/transformer/config.json");
  const io::Config after = io::Config::Read(output() / "transformer/config.json");
  std::vector<std::string> keys = before.keys();
  keys.emplace_back("quantization_config");
  EXPECT_THAT(after.keys(), ::testing::UnorderedElementsAreArray(keys));
  EXPECT_EQ(after.Double("interpolation_scale"), before.Double("interpolation_scale"));
  EXPECT_EQ(quant::ToJson(quant::ReadRecipe(after.Object("quantization_config"))), quant::ToJson(TinyRecipe(kMixed)));
}

// A recipe that needs activations to calibrate on.
quant::Recipe Smoothing() { return TinyRecipe(R"(, "layers": [{"layers": "attn1", "smooth_alpha": 0.5}])"); }

QuantizeOptions CalibratedInto(const fs::path& output) {
  QuantizeOptions options = TinyInto(output);
  options.prompts = {{"A red cactus", 3}, {"two grey houses by the sea", 4}};
  options.request = TinyRequest(64, 64, 2, 0);
  return options;
}

// The tiny pipeline as it is quantized while loading, which nobody but a test does with maxima.
std::unique_ptr<Pipeline> QuantizeOnLoad(const quant::Recipe& recipe, const layers::ActivationMaxima& maxima) {
  const LoadOptions tiny = TinyOptions({});
  const io::Checkpoint checkpoint = io::Checkpoint::Open(tiny.folder, tiny.components);
  const layers::Quantization quantization{.recipe = &recipe, .maxima = &maxima};
  DiffusionPipeline::Parts parts = LoadParts(checkpoint, tiny, torch::kBFloat16);
  parts.variants.push_back(
      {Precision::kW4A4, models::LoadDenoiser(checkpoint.Get("transformer"), torch::kBFloat16, torch::kCPU, &quantization)});
  return std::make_unique<DiffusionPipeline>(std::move(parts));
}

TEST_F(QuantizeTest, WhatIsSmoothedPaintsAsWithTheSameMaximaOnLoad) {
  const TemporaryFolder folder;
  const QuantizeOptions options = CalibratedInto(folder.path() / "smooth");
  Quantize(options, {{"transformer", Smoothing()}});
  const auto archive = io::TensorArchive::Open(options.output / "transformer", kStem);
  EXPECT_NE(archive->Find("transformer_blocks.1.attn1.to_v.smooth_scales"), nullptr);
  EXPECT_EQ(archive->Find("transformer_blocks.1.attn2.to_q.smooth_scales"), nullptr);

  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.folder, options.components);
  const layers::ActivationMaxima maxima =
      MeasureMaxima(checkpoint, torch::kFloat32, options.request, options.prompts, options.progress);
  const Request request = TinyRequest(80, 96, 3, 5);
  const auto prepared = PaintLatent(*Pipeline::Load({.folder = options.output}), request);
  EXPECT_EQ(prepared, PaintLatent(*QuantizeOnLoad(Smoothing(), maxima), request));
  EXPECT_NE(prepared, PaintLatent(*Pipeline::Load(TinyOptions({Precision::kW4A4}, RecipeFile().path())), request));
}

TEST_F(QuantizeTest, PromptsAreForRecipesThatSmoothAndForThemAlone) {
  const TemporaryFolder folder;
  const fs::path output = folder.path() / "none";
  EXPECT_THAT(
      [&] {
        Quantize(TinyInto(output), {{"transformer", Smoothing()}});
      },
      ThrowsMessage<BadRequest>(HasSubstr("expected a file of prompts to calibrate on, as the recipe narrow smooths")));
  EXPECT_THAT(
      [&] {
        Quantize(CalibratedInto(output), {{"transformer", TinyRecipe()}});
      },
      ThrowsMessage<BadRequest>(HasSubstr("the recipe narrow does not smooth and needs no calibration; found 2 prompts")));
  EXPECT_FALSE(fs::exists(output));
}

// What loading takes for absent can be quantized, and has one member of that name then.
TEST_F(QuantizeTest, ARecipeThatIsNullIsNone) {
  const TemporaryFolder folder;
  fs::copy("tests/data/pipeline/transformer", folder.path() / "transformer");
  const std::string config = Text("tests/data/pipeline/transformer/config.json");
  const auto quantize_with = [&](const std::string& members) {
    folder.Write("transformer/config.json", std::string(config).replace(config.find('{'), 1, "{" + members));
    QuantizeOptions options = TinyInto(folder.path() / "prepared");
    options.components["transformer"] = folder.path() / "transformer";
    fs::remove_all(options.output);
    Quantize(options, {{"transformer", TinyRecipe(kMixed)}});
    return io::Config::Read(options.output / "transformer/config.json");
  };
  const io::Config after = quantize_with("\"quantization_config\" :\n null, \"nested\": {\"quantization_config\": null},");
  EXPECT_EQ(quant::ToJson(quant::ReadRecipe(after.Object("quantization_config"))), quant::ToJson(TinyRecipe(kMixed)));
  EXPECT_EQ(std::ranges::count(after.keys(), "quantization_config"), 1);
  EXPECT_FALSE(after.Object("nested").IsObject("quantization_config"));
  EXPECT_NO_THROW(Pipeline::Load({.folder = folder.path() / "prepared"}));
  ExpectBroken([&] { quantize_with("\"quantization_config\": \"gptq\","); },
               {"config.json: quantization_config: expected null or none"});
}

// In each of two blocks: q, k, v and out of attn1, and the up and down of ff, at 4 bits; attn2.to_q at 8.
TEST_F(QuantizeTest, ReportsWhatItDid) {
  constexpr std::uint64_t kSquare = 32 * 32, kWide = 32 * 128;
  const std::uint64_t parameters = 2 * (5 * kSquare + 2 * kWide);
  EXPECT_EQ(report_.linears, 14);
  EXPECT_EQ(report_.parameters, parameters);
  EXPECT_EQ(report_.original_bytes, 2 * parameters);
  const std::uint64_t codes = 4 * kSquare / 2 + kSquare + 2 * kWide / 2, scales = 4 * (5 * 32 + 128 + 32), multipliers = 32 * 2;
  EXPECT_EQ(report_.quantized_bytes, 2 * (codes + scales + multipliers));
}

void ExpectLoadRefused(LoadOptions options, const fs::path& folder, const std::string& part) {
  options.folder = folder;
  EXPECT_THAT([&] { Pipeline::Load(options); }, ThrowsMessage<BadRequest>(HasSubstr(part)));
}

TEST_F(QuantizeTest, WhatWasPreparedIsHadInThatPrecisionAlone) {
  ExpectLoadRefused({.precisions = {Precision::kBf16}}, output(), "expected w4a4, as the weights were prepared, found bf16");
  ExpectLoadRefused({.precisions = {Precision::kW4A4, Precision::kFp32}}, output(), "found fp32");
  ExpectLoadRefused({.precisions = {Precision::kW8A8}}, output(), "expected w4a4");
  ExpectLoadRefused({.recipe = "stamp-w4a4"}, output(), "whose weights were prepared");
}

TEST_F(QuantizeTest, AFolderThatHoldsSomethingIsLeftAlone) {
  const TemporaryFolder folder;
  folder.Write("precious", "gold");
  ExpectBroken(
      [&] {
        Quantize(TinyInto(folder.path()), {{"transformer", TinyRecipe()}});
      },
      {folder.path().string(), "expected an empty folder"});
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_EQ(Text(folder.path() / "precious"), "gold");
}

TEST_F(QuantizeTest, WhatIsQuantizedAlreadyIsRefused) {
  const TemporaryFolder folder;
  const QuantizeOptions again{.folder = output(), .output = folder.path() / "again"};
  ExpectBroken([&] { Quantize(again, {{"transformer", TinyRecipe()}}); }, {(output() / "transformer").string(), "not quantized"});
  EXPECT_FALSE(fs::exists(again.output));
}

TEST_F(QuantizeTest, ARecipeThatDoesNotFitLeavesNoPipeline) {
  const TemporaryFolder folder;
  const fs::path output = folder.path() / "unfit";
  ExpectBroken(
      [&] {
        Quantize(TinyInto(output), {{"transformer", quant::Recipe{.name = "unfit", .linear = {.weight_group = 64}}}});
      },
      {"unfit", "attn1.to_q", "weight_group"});
  EXPECT_FALSE(fs::exists(output / "model_index.json"));
}

}  // namespace
}  // namespace stampd::tools
