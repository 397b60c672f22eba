#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/pipeline.h"
#include "tests/golden.h"
#include "tests/painted.h"
#include "tests/temporary_folder.h"
#include "tests/tiny_pipeline.h"

namespace stampd {
namespace {

using testing::Golden;

const std::string kInstruction = "Say it with more words.\nUser Prompt: ";  // make_sana_pipeline.py's

LoadOptions SanaOptions(std::vector<Precision> precisions) {
  return {.folder = "tests/data/sana_pipeline",
          .precisions = std::move(precisions),
          .components = {{"tokenizer", "demo/sana-shapes/tokenizer"}}};
}

LoadOptions SprintOptions(std::vector<Precision> precisions) {
  LoadOptions options = SanaOptions(std::move(precisions));
  options.folder = "tests/data/sana_sprint_pipeline";
  options.components["text_encoder"] = "tests/data/sana_pipeline/text_encoder";
  options.components["vae"] = "tests/data/sana_pipeline/vae";
  return options;
}

std::unique_ptr<Pipeline> Instructed(LoadOptions options) {
  const testing::TemporaryFolder folder;
  options.instruction = folder.Write("instruction.txt", kInstruction);
  return Pipeline::Load(options);
}

const Pipeline& Sana() {
  static const std::unique_ptr<Pipeline> pipeline = Pipeline::Load(SanaOptions({Precision::kFp32}));
  return *pipeline;
}

const Pipeline& Sprint() {
  static const std::unique_ptr<Pipeline> pipeline = Pipeline::Load(SprintOptions({Precision::kFp32}));
  return *pipeline;
}

Request SprintRequest(int width, int height, int steps, std::uint64_t seed) {
  Request request = testing::TinyRequest(width, height, steps, seed);
  request.negative_prompt.clear();
  return request;
}

void ExpectGolden(const Pipeline& pipeline, const std::string& name, const Request& request, double tolerance = 1e-4) {
  static const Golden golden("sana_pipeline_golden");
  testing::ExpectPainted(pipeline, request, golden, name, tolerance);
}

TEST(SanaPipelineTest, TwoStepsPaintAsDiffusers) { ExpectGolden(Sana(), "sana.two_steps", testing::TinyRequest(160, 128, 2, 6)); }

TEST(SanaPipelineTest, AnInstructionIsReadAsDiffusersReadsIt) {
  ExpectGolden(*Instructed(SanaOptions({Precision::kFp32})), "sana.four_steps", testing::TinyRequest(96, 160, 4, 7));
}

TEST(SanaPipelineTest, TwentyStepsPaintAsDiffusers) {
  Request request = testing::TinyRequest(128, 96, 20, 8);
  request.guidance_scale = 3.0;
  ExpectGolden(Sana(), "sana.twenty_steps", request);
}

TEST(SanaPipelineTest, WithoutGuidanceOneRowIsEnough) {
  Request request = testing::TinyRequest(128, 128, 4, 9);
  request.guidance_scale = 1.0;
  EXPECT_EQ(Sana().Begin(request)[0]->rows(), 1);
  ExpectGolden(Sana(), "sana.unguided", request);
}

TEST(SanaPipelineTest, ImagesOfOneRequestHaveConsecutiveSeeds) {
  Request request = testing::TinyRequest(96, 96, 4, 10);
  request.num_images = 2;
  ExpectGolden(Sana(), "sana.two_images", request);
}

TEST(SanaPipelineTest, FlowEulerPaintsAsDiffusers) {
  Request request = testing::TinyRequest(128, 96, 4, 13);
  request.scheduler = "flow_euler";
  ExpectGolden(Sana(), "sana.flow_euler", request);
}

TEST(SanaPipelineTest, Bf16StaysNear) {
  const std::unique_ptr<Pipeline> bf16 = Pipeline::Load(SanaOptions({Precision::kBf16}));
  ExpectGolden(*bf16, "sana.bf16", testing::TinyRequest(128, 96, 4, 14), 3e-2);
}

TEST(SanaPipelineTest, ResultsDoNotDependOnThePack) {
  std::vector<Request> requests = {testing::TinyRequest(128, 128, 3, 1), testing::TinyRequest(96, 160, 5, 2),
                                   testing::TinyRequest(256, 128, 4, 3), testing::TinyRequest(64, 96, 2, 4)};
  requests[1].guidance_scale = 0.0;
  requests[2].prompt = "";
  requests[3].prompt = std::string(2000, 'x');
  const testing::RecipeFile recipe;
  LoadOptions w4a4 = SanaOptions({Precision::kW4A4});
  w4a4.recipe = recipe.path();
  testing::ExpectSameAloneAndPacked(Sana(), requests);
  testing::ExpectSameAloneAndPacked(*Pipeline::Load(SanaOptions({Precision::kBf16})), requests);
  testing::ExpectSameAloneAndPacked(*Pipeline::Load(w4a4), requests);
}

TEST(SanaPipelineTest, InfoStatesDefaultsAndLimits) {
  const ModelInfo& info = Sana().info();
  EXPECT_EQ(info.family, "SanaPipeline");
  EXPECT_EQ(info.default_width, 1024);
  EXPECT_EQ(info.size_multiple, 32);
  EXPECT_EQ(info.default_steps, 20);
  EXPECT_FALSE(info.default_clean_caption);
  EXPECT_TRUE(info.lacks_instruction);
  EXPECT_FALSE(info.guidance_embedded);
  EXPECT_THAT(info.schedulers, ::testing::ElementsAre("dpmsolver++", "flow_euler"));
}

TEST(SanaPipelineTest, Fp16IsRefusedForWhatWasTrainedInBf16) {
  LoadOptions options = SprintOptions({Precision::kFp16});
  EXPECT_THAT([&] { Pipeline::Load(options); }, ::testing::ThrowsMessage<BadRequest>(::testing::AllOf(
                                                    ::testing::HasSubstr("qk_norm"), ::testing::HasSubstr("fp16"))));
  options.force_fp16 = true;
  EXPECT_NO_THROW(Pipeline::Load(options));
  EXPECT_NO_THROW(Pipeline::Load(SanaOptions({Precision::kFp16})));
}

TEST(SanaSprintPipelineTest, OneStepPaintsAsDiffusers) {
  ExpectGolden(Sprint(), "sana_sprint.one_step", SprintRequest(96, 96, 1, 16));
}

TEST(SanaSprintPipelineTest, TwoStepsWithAnInstructionPaintAsDiffusers) {
  ExpectGolden(*Instructed(SprintOptions({Precision::kFp32})), "sana_sprint.two_steps", SprintRequest(96, 128, 2, 15));
}

TEST(SanaSprintPipelineTest, FourStepsPaintAsDiffusers) {
  Request request = SprintRequest(128, 96, 4, 17);
  request.guidance_scale = 2.0;
  ExpectGolden(Sprint(), "sana_sprint.four_steps", request);
}

TEST(SanaSprintPipelineTest, GuidanceIsEmbeddedAndNegativePromptsAreRefused) {
  EXPECT_TRUE(Sprint().info().guidance_embedded);
  EXPECT_EQ(Sprint().info().default_steps, 2);
  EXPECT_EQ(Sprint().Begin(SprintRequest(96, 96, 2, 1))[0]->rows(), 1);
  const std::vector<FieldViolation> violations = Sprint().Check(testing::TinyRequest(96, 96, 2, 1));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "negative_prompt");
}

TEST(SanaSprintPipelineTest, ResultsDoNotDependOnThePack) {
  std::vector<Request> requests = {SprintRequest(128, 128, 2, 1), SprintRequest(96, 160, 4, 2), SprintRequest(64, 96, 1, 3)};
  requests[1].guidance_scale = 1.5;
  testing::ExpectSameAloneAndPacked(Sprint(), requests);
}

}  // namespace
}  // namespace stampd
