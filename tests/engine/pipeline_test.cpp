#include "engine/pipeline.h"

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "engine/base/error.h"
#include "tests/golden.h"
#include "tests/painted.h"
#include "tests/tiny_pipeline.h"

namespace stampd {
namespace {

using testing::Golden;
using testing::TinyOptions;
using testing::TinyRequest;

const Pipeline& TinyPipeline(Precision precision = Precision::kFp32) {
  static const std::unique_ptr<Pipeline> fp32 = Pipeline::Load(TinyOptions({Precision::kFp32}));
  static const std::unique_ptr<Pipeline> bf16 = Pipeline::Load(TinyOptions({Precision::kBf16}));
  return precision == Precision::kBf16 ? *bf16 : *fp32;
}

using testing::Latent;

// Against the case that tests/reference/make_pipeline.py recorded.
void ExpectGolden(const std::string& name, const Request& request, Precision precision, double tolerance) {
  static const Golden golden("pipeline_golden");
  testing::ExpectPainted(TinyPipeline(precision), request, golden, name, tolerance);
}

TEST(PipelineTest, FourStepsPaintAsDiffusers) { ExpectGolden("four_steps", TinyRequest(96, 64, 4, 7), Precision::kFp32, 1e-4); }

TEST(PipelineTest, TwentyStepsPaintAsDiffusers) {
  Request request = TinyRequest(64, 96, 20, 8);
  request.guidance_scale = 3.0;
  ExpectGolden("twenty_steps", request, Precision::kFp32, 1e-4);
}

TEST(PipelineTest, WithoutGuidanceOneRowIsEnough) {
  Request request = TinyRequest(64, 64, 4, 9);
  request.guidance_scale = 1.0;
  EXPECT_EQ(TinyPipeline().Begin(request)[0]->rows(), 1);
  ExpectGolden("unguided", request, Precision::kFp32, 1e-4);
}

TEST(PipelineTest, ImagesOfOneRequestHaveConsecutiveSeeds) {
  Request request = TinyRequest(64, 64, 4, 10);
  request.num_images = 2;
  ExpectGolden("two_images", request, Precision::kFp32, 1e-4);
}

TEST(PipelineTest, OddSizesArePaintedAtABinAndCropped) {
  Request request = TinyRequest(120, 152, 4, 12);
  request.use_resolution_binning = true;
  ExpectGolden("binned", request, Precision::kFp32, 1e-4);
}

TEST(PipelineTest, EulerPaintsAsDiffusers) {
  Request request = TinyRequest(64, 64, 4, 13);
  request.scheduler = "euler";
  ExpectGolden("euler", request, Precision::kFp32, 1e-4);
}

TEST(PipelineTest, Bf16StaysNear) { ExpectGolden("bf16", TinyRequest(64, 64, 4, 14), Precision::kBf16, 3e-2); }

// Every kind of neighbour at once: sizes, step counts, steps done, guidance, prompts.
TEST(PipelineTest, ResultsDoNotDependOnThePack) {
  std::vector<Request> requests = {TinyRequest(64, 64, 3, 1), TinyRequest(96, 64, 5, 2), TinyRequest(64, 128, 4, 3),
                                   TinyRequest(80, 48, 2, 4)};
  requests[1].guidance_scale = 0.0;
  requests[2].prompt = "";
  requests[3].prompt = std::string(2000, 'x');
  testing::ExpectSameAloneAndPacked(TinyPipeline(Precision::kFp32), requests);
  testing::ExpectSameAloneAndPacked(TinyPipeline(Precision::kBf16), requests);
}

TEST(PipelineTest, PreviewHasTheAskedForShape) {
  const Pipeline& pipeline = TinyPipeline();
  const auto samples = pipeline.Begin(TinyRequest(96, 64, 2, 1));
  Sample* const sample = samples[0].get();
  const Picture noise = pipeline.Preview(*sample, 0);
  EXPECT_EQ(noise.width, 12);
  EXPECT_EQ(noise.height, 8);
  pipeline.Step({&sample, 1});
  const Picture preview = pipeline.Preview(*sample, 48);
  EXPECT_EQ(preview.width, 48);
  EXPECT_EQ(preview.height, 32);
  EXPECT_EQ(preview.bytes.size(), 48u * 32 * 3);
}

TEST(PipelineTest, InfoStatesDefaultsAndLimits) {
  const ModelInfo& info = TinyPipeline().info();
  EXPECT_EQ(info.family, "PixArtSigmaPipeline");
  EXPECT_EQ(info.digest.size(), 64u);
  EXPECT_EQ(info.default_width, 256);
  EXPECT_EQ(info.size_multiple, 16);
  EXPECT_EQ(info.default_steps, 20);
  EXPECT_DOUBLE_EQ(info.default_guidance_scale, 4.5);
  EXPECT_THAT(info.schedulers, ::testing::ElementsAre("dpmsolver++", "euler"));
  EXPECT_TRUE(info.default_use_resolution_binning);
  EXPECT_FALSE(info.lacks_instruction);
  EXPECT_GT(info.resident_bytes, 0);
}

TEST(PipelineTest, BadRequestsNameEveryField) {
  Request request = TinyRequest(100000, 63, -1, 1);
  request.guidance_scale = std::numeric_limits<double>::quiet_NaN();
  request.scheduler = "magic";
  try {
    TinyPipeline().Begin(request);
    FAIL() << "accepted";
  } catch (const BadRequest& error) {
    std::vector<std::string> fields;
    for (const FieldViolation& violation : error.violations()) fields.push_back(violation.field);
    EXPECT_THAT(fields, ::testing::IsSupersetOf({"width", "height", "steps", "guidance_scale", "scheduler"}));
  }
}

TEST(PipelineTest, LoadNamesWhatIsWrong) {
  LoadOptions missing = TinyOptions({Precision::kFp32});
  missing.folder = "tests/data/no-such-folder";
  EXPECT_THAT([&] { Pipeline::Load(missing); }, ::testing::ThrowsMessage<Broken>(::testing::HasSubstr("no-such-folder")));
  LoadOptions gpu = TinyOptions({Precision::kFp32});
  gpu.device = "cuda:0";
  EXPECT_THAT([&] { Pipeline::Load(gpu); }, ::testing::ThrowsMessage<Broken>(::testing::HasSubstr("cuda:0")));
}

}  // namespace
}  // namespace stampd
