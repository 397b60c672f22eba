#include "engine/tools/random/presets.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/tools/random/tokenizer_model.h"

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

TEST(PresetsTest, TheFullTextEncoderIsT5Xxl) {
  const CheckpointPlan plan = Plan("pixart-sigma-xl-1024", TextEncoderSize::kFull);
  EXPECT_EQ(ParameterCount(Component(plan, "text_encoder")), 4'762'310'656);
  EXPECT_EQ(ConfigOf(Component(plan, "text_encoder")).Int("vocab_size"), 32128);
}

// As diffusers and transformers count them in the same configurations.
TEST(PresetsTest, TheTinyModelIsTiny) {
  const CheckpointPlan plan = Plan("tiny-pixart");
  EXPECT_EQ(ParameterCount(Component(plan, "transformer")), 190'688);
  EXPECT_EQ(ParameterCount(Component(plan, "vae")), 67'231);
  EXPECT_EQ(ParameterCount(Component(plan, "text_encoder")), 147'904);
}

TEST(PresetsTest, ThePartsOfEveryPresetFitTogether) {
  for (const std::string& name : PresetNames()) {
    SCOPED_TRACE(name);
    const CheckpointPlan plan = Plan(name);
    const io::Config transformer = ConfigOf(Component(plan, "transformer"));
    const io::Config text_encoder = ConfigOf(Component(plan, "text_encoder"));
    EXPECT_EQ(transformer.Int("caption_channels"), text_encoder.Int("d_model"));
    EXPECT_GE(text_encoder.Int("vocab_size"), kTokenizerPieces + 100);
    EXPECT_EQ(ConfigOf(Component(plan, "vae")).Ints("block_out_channels").size(), 4U);
    EXPECT_LT(ConfigOf(Component(plan, "scheduler")).Double("lambda_min_clipped"), -1e300);
    for (const ComponentPlan& component : plan.components) {
      std::set<std::string> names;
      for (const RandomTensor& tensor : component.tensors) EXPECT_TRUE(names.insert(tensor.name).second) << tensor.name;
    }
  }
}

TEST(PresetsTest, TheTextEncodersConfigurationNamesItsDType) {
  const CheckpointPlan plan = PlanPreset("tiny-pixart", TextEncoderSize::kSmall, io::DType::kBF16);
  EXPECT_EQ(ConfigOf(Component(plan, "text_encoder")).String("torch_dtype"), "bfloat16");
}

TEST(PresetsTest, WhatThereIsNotIsRefused) {
  EXPECT_THAT([] { Plan("pixart"); },
              ::testing::ThrowsMessage<BadRequest>(::testing::HasSubstr("preset: expected one of pixart-sigma-xl-256, ")));
  EXPECT_THAT([] { Plan("tiny-pixart", TextEncoderSize::kFull); },
              ::testing::ThrowsMessage<BadRequest>(::testing::HasSubstr("text-encoder: expected small")));
}

// A SentencePiece model is a protobuf message whose field 1 is a piece, again and again; lengths here are below 128.
TEST(TokenizerModelTest, HasAsManyPiecesAsItSays) {
  const std::string_view model = TokenizerModel();
  int pieces = 0;
  std::size_t at = 0;
  while (at + 1 < model.size() && model[at] == '\x0a') {
    at += 2 + static_cast<unsigned char>(model[at + 1]);
    ++pieces;
  }
  EXPECT_EQ(pieces, kTokenizerPieces);
}

}  // namespace
}  // namespace stampd::tools
