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
#include "tests/tiny_pipeline.h"

namespace stampd {
namespace {

using testing::ExpectClose;
using testing::Golden;
using testing::RunAlone;
using testing::TinyOptions;
using testing::TinyRequest;

const Pipeline& TinyPipeline(Precision precision = Precision::kFp32) {
  static const std::unique_ptr<Pipeline> fp32 = Pipeline::Load(TinyOptions({Precision::kFp32}));
  static const std::unique_ptr<Pipeline> bf16 = Pipeline::Load(TinyOptions({Precision::kBf16}));
  return precision == Precision::kBf16 ? *bf16 : *fp32;
}

torch::Tensor LatentOf(const Picture& picture) {
  torch::Tensor latent = torch::empty({picture.channels, picture.height, picture.width});
  std::memcpy(latent.data_ptr(), picture.bytes.data(), picture.bytes.size());
  return latent;
}

torch::Tensor Latent(const Pipeline& pipeline, const Sample& sample) {
  return LatentOf(pipeline.Finish(sample, Picture::Kind::kLatentF32));
}

// The share of values that differ by more than one of 255.
double Differing(const Picture& picture, const torch::Tensor& expected) {
  EXPECT_EQ(expected.sizes(), (at::IntArrayRef{picture.height, picture.width, 3}));
  int differing = 0;
  for (std::size_t i = 0; i < picture.bytes.size(); ++i) {
    differing += std::abs(int{picture.bytes[i]} - int{expected.const_data_ptr<std::uint8_t>()[i]}) > 1;
  }
  return static_cast<double>(differing) / static_cast<double>(picture.bytes.size());
}

// Runs `request` to its end and compares noise, every step's latent and the picture with the case that diffusers recorded.
void ExpectGolden(const std::string& name, const Request& request, Precision precision, double tolerance) {
  const Golden golden("pipeline_golden");
  const Pipeline& pipeline = TinyPipeline(precision);
  const auto samples = pipeline.Begin(request);
  const torch::Tensor noise = golden[name + ".noise"], latents = golden[name + ".latents"], images = golden[name + ".image"];
  ASSERT_EQ(noise.size(0), static_cast<int>(samples.size()));
  ASSERT_EQ(latents.size(0), samples[0]->total_steps());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto image = static_cast<std::int64_t>(i);
    EXPECT_TRUE(torch::equal(Latent(pipeline, *samples[i]), noise[image].to(torch::kFloat32))) << "noise of image " << i;
    for (int step = 0; step < samples[i]->total_steps(); ++step) {
      Sample* const sample = samples[i].get();
      pipeline.Step({&sample, 1});
      ExpectClose(Latent(pipeline, *sample), latents[step][image], tolerance, name + " step " + std::to_string(step));
    }
    EXPECT_TRUE(samples[i]->done());
    const double allowed = precision == Precision::kFp32 ? 0.001 : 0.6;  // bf16 rounds pixels to steps of up to 1/256
    EXPECT_LE(Differing(pipeline.Finish(*samples[i], Picture::Kind::kRgb8), images[image]), allowed) << name;
  }
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
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    const Pipeline& pipeline = TinyPipeline(precision);
    std::vector<Request> requests = {TinyRequest(64, 64, 3, 1), TinyRequest(96, 64, 5, 2), TinyRequest(64, 128, 4, 3),
                                     TinyRequest(80, 48, 2, 4)};
    requests[1].guidance_scale = 0.0;
    requests[2].prompt = "";
    requests[3].prompt = std::string(2000, 'x');

    std::vector<std::unique_ptr<Sample>> together;
    std::vector<torch::Tensor> alone;
    for (const Request& request : requests) {
      auto samples = pipeline.Begin(request);
      Sample* const sample = samples[0].get();
      RunAlone(pipeline, *sample);
      alone.push_back(Latent(pipeline, *sample));
      together.push_back(std::move(pipeline.Begin(request)[0]));
    }
    for (;;) {
      std::vector<Sample*> running;
      for (const auto& sample : together) {
        if (!sample->done()) running.push_back(sample.get());
      }
      if (running.empty()) break;
      pipeline.Step(running);
    }
    for (std::size_t i = 0; i < together.size(); ++i) {
      EXPECT_TRUE(torch::equal(Latent(pipeline, *together[i]), alone[i])) << Name(precision) << " request " << i;
    }
  }
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
