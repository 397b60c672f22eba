#include "engine/tools/random/presets.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/tools/random/tokenizer_data.h"

namespace stampd::tools {
namespace {

CheckpointPlan Plan(std::string_view name, TextEncoderSize size = TextEncoderSize::kSmall) {
  return PlanPreset(name, size, io::DType::kF32);
}

const ComponentPlan& Component(const CheckpointPlan& plan, std::string_view name) {
  return *std::find_if(plan.components.begin(), plan.components.end(), [&](const ComponentPlan& c) { return c.name == name; });
}

io::Config ConfigOf(const ComponentPlan& component) {
  return io::Config::Parse(component.files.at(0).content, component.files.at(0).name);
}

TEST(PresetsTest, XlModelsHaveTheParametersOfTheReleasedOnes) {
  const std::map<std::string, std::pair<int, double>> sizes = {{"pixart-sigma-xl-256", {32, 0.5}},
                                                               {"pixart-sigma-xl-512", {64, 1}},
                                                               {"pixart-sigma-xl-1024", {128, 2}},
                                                               {"pixart-sigma-xl-2048", {256, 4}}};
  for (const auto& [name, size] : sizes) {
    SCOPED_TRACE(name);
    const CheckpointPlan plan = Plan(name);
    EXPECT_EQ(ParameterCount(Component(plan, "transformer")), 610'856'096);
    EXPECT_EQ(ParameterCount(Component(plan, "vae")), 83'653'863);
    const io::Config config = ConfigOf(Component(plan, "transformer"));
    EXPECT_EQ(config.Int("sample_size"), size.first);
    EXPECT_EQ(config.Double("interpolation_scale"), size.second);
    EXPECT_FALSE(config.Bool("use_additional_conditions"));
  }
}

struct ReleasedSana {
  std::int64_t parameters;
  int sample_size;
  double interpolation_scale = 0;  // none
  double flow_shift = 3;
};

TEST(PresetsTest, SanaModelsHaveTheParametersOfTheReleasedOnes) {
  const std::map<std::string, ReleasedSana> released = {
      {"sana-600m-512", {591'747'872, 16}},        {"sana-600m-1024", {591'747'872, 32}},
      {"sana-1600m-512", {1'604'462'752, 16}},     {"sana-1600m-1024", {1'604'462'752, 32}},
      {"sana-1600m-2048", {1'604'462'752, 64, 1}}, {"sana-1600m-4096", {1'604'462'752, 128, 2, 6}},
      {"sana1.5-1600m-1024", {1'604'641'952, 32}}, {"sana1.5-4800m-1024", {4'721'825'952, 32}}};
  for (const auto& [name, expected] : released) {
    SCOPED_TRACE(name);
    const CheckpointPlan plan = Plan(name);
    EXPECT_EQ(plan.pipeline_class, "SanaPipeline");
    EXPECT_EQ(ParameterCount(Component(plan, "transformer")), expected.parameters);
    EXPECT_EQ(ParameterCount(Component(plan, "vae")), 312'250'275);
    const io::Config config = ConfigOf(Component(plan, "transformer"));
    EXPECT_EQ(config.Int("sample_size"), expected.sample_size);
    EXPECT_EQ(config.OptionalDouble("interpolation_scale").value_or(0), expected.interpolation_scale);
    EXPECT_EQ(config.OptionalString("qk_norm").has_value(), name.starts_with("sana1.5"));
    const io::Config scheduler = ConfigOf(Component(plan, "scheduler"));
    EXPECT_EQ(scheduler.Double("flow_shift"), expected.flow_shift);
    EXPECT_EQ(scheduler.String("prediction_type"), "flow_prediction");
  }
}

TEST(PresetsTest, SprintModelsHaveTheParametersOfTheReleasedOnes) {
  const std::map<std::string, std::int64_t> parameters = {{"sana-sprint-600m-1024", 593'501'216},
                                                          {"sana-sprint-1600m-1024", 1'610'237'472}};
  for (const auto& [name, expected] : parameters) {
    SCOPED_TRACE(name);
    const CheckpointPlan plan = Plan(name);
    EXPECT_EQ(plan.pipeline_class, "SanaSprintPipeline");
    EXPECT_EQ(ParameterCount(Component(plan, "transformer")), expected);
    EXPECT_TRUE(ConfigOf(Component(plan, "transformer")).Bool("guidance_embeds"));
    EXPECT_EQ(Component(plan, "scheduler").class_name, "SCMScheduler");
  }
}

TEST(PresetsTest, TheFullTextEncodersAreT5XxlAndGemma2) {
  const CheckpointPlan pixart = Plan("pixart-sigma-xl-1024", TextEncoderSize::kFull);
  EXPECT_EQ(ParameterCount(Component(pixart, "text_encoder")), 4'762'310'656);
  EXPECT_EQ(ConfigOf(Component(pixart, "text_encoder")).Int("vocab_size"), 32128);
  const CheckpointPlan sana = Plan("sana-1600m-1024", TextEncoderSize::kFull);
  EXPECT_EQ(ParameterCount(Component(sana, "text_encoder")), 2'614'341'888);
  EXPECT_EQ(ConfigOf(Component(sana, "text_encoder")).Int("vocab_size"), 256'000);
}

// As diffusers and transformers count them in the same configurations.
TEST(PresetsTest, TinyModelsAreTiny) {
  const CheckpointPlan pixart = Plan("tiny-pixart");
  EXPECT_EQ(ParameterCount(Component(pixart, "transformer")), 190'688);
  EXPECT_EQ(ParameterCount(Component(pixart, "vae")), 67'231);
  EXPECT_EQ(ParameterCount(Component(pixart, "text_encoder")), 147'904);
  const CheckpointPlan sana = Plan("tiny-sana");
  EXPECT_EQ(ParameterCount(Component(sana, "transformer")), 192'672);
  EXPECT_EQ(ParameterCount(Component(sana, "vae")), 354'883);
  EXPECT_EQ(ParameterCount(Component(sana, "text_encoder")), 104'880);
  EXPECT_EQ(ParameterCount(Component(Plan("tiny-sana-sprint"), "transformer")), 213'792);
}

TEST(PresetsTest, ThePartsOfEveryPresetFitTogether) {
  for (const std::string& name : PresetNames()) {
    SCOPED_TRACE(name);
    const CheckpointPlan plan = Plan(name);
    const io::Config transformer = ConfigOf(Component(plan, "transformer"));
    const io::Config text_encoder = ConfigOf(Component(plan, "text_encoder"));
    const bool pixart = plan.pipeline_class == "PixArtSigmaPipeline";
    EXPECT_EQ(transformer.Int("caption_channels"), text_encoder.Int(pixart ? "d_model" : "hidden_size"));
    EXPECT_GE(text_encoder.Int("vocab_size"), pixart ? kT5Pieces + 100 : kGemmaPieces);
    const io::Config vae = ConfigOf(Component(plan, "vae"));
    EXPECT_EQ(vae.Ints(pixart ? "block_out_channels" : "decoder_block_out_channels").size(), pixart ? 4U : 6U);
    EXPECT_EQ(vae.Int("latent_channels"), transformer.Int("in_channels"));
    const ComponentPlan& scheduler = Component(plan, "scheduler");
    if (scheduler.class_name != "SCMScheduler") {
      EXPECT_LT(ConfigOf(scheduler).Double("lambda_min_clipped"), -1e300);
    }
    for (const ComponentPlan& component : plan.components) {
      std::set<std::string> names;
      for (const RandomTensor& tensor : component.tensors) EXPECT_TRUE(names.insert(tensor.name).second) << tensor.name;
    }
  }
}

TEST(PresetsTest, TheTextEncodersConfigurationNamesItsDType) {
  const CheckpointPlan plan = PlanPreset("tiny-pixart", TextEncoderSize::kSmall, io::DType::kBF16);
  EXPECT_EQ(ConfigOf(Component(plan, "text_encoder")).String("torch_dtype"), "bfloat16");
  const CheckpointPlan sana = PlanPreset("tiny-sana", TextEncoderSize::kSmall, io::DType::kF16);
  EXPECT_EQ(ConfigOf(Component(sana, "text_encoder")).String("torch_dtype"), "float16");
}

TEST(PresetsTest, WhatThereIsNotIsRefused) {
  EXPECT_THAT([] { Plan("pixart"); },
              ::testing::ThrowsMessage<BadRequest>(::testing::HasSubstr("preset: expected one of pixart-sigma-xl-256, ")));
  EXPECT_THAT([] { Plan("tiny-pixart", TextEncoderSize::kFull); },
              ::testing::ThrowsMessage<BadRequest>(::testing::HasSubstr("text-encoder: expected small")));
}

// A SentencePiece model is a protobuf message whose field 1 is a piece, again and again; lengths here are below 128.
int Pieces(std::string_view model) {
  int pieces = 0;
  std::size_t at = 0;
  while (at + 1 < model.size() && model[at] == '\x0a') {
    at += 2 + static_cast<unsigned char>(model[at + 1]);
    ++pieces;
  }
  return pieces;
}

TEST(TokenizerDataTest, HasAsManyPiecesAsItSays) {
  EXPECT_EQ(Pieces(T5TokenizerModel()), kT5Pieces);
  EXPECT_EQ(Pieces(GemmaTokenizerModel()), kGemmaPieces);
  const io::Config tokenizer = io::Config::Parse(GemmaTokenizerJson(), "tokenizer.json");
  EXPECT_EQ(tokenizer.Object("model").Object("vocab").keys().size(), static_cast<std::size_t>(kGemmaPieces));
}

}  // namespace
}  // namespace stampd::tools
