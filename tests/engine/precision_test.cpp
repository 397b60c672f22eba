#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "engine/base/error.h"
#include "engine/pipeline.h"
#include "tests/expect_broken.h"
#include "tests/golden.h"
#include "tests/threads.h"
#include "tests/tiny_pipeline.h"

// A pipeline that holds its transformer in several precisions.

namespace stampd {
namespace {

using ::testing::ElementsAre;
using testing::ExpectBroken;
using ::testing::HasSubstr;
using testing::NarrowRecipe;
using testing::PaintLatent;
using testing::RecipeFile;
using testing::TinyOptions;
using testing::TinyRequest;

std::unique_ptr<Pipeline> LoadNarrow(std::vector<Precision> precisions) {
  const RecipeFile recipe;
  return Pipeline::Load(TinyOptions(std::move(precisions), recipe.path()));
}

const Pipeline& Both() {
  static const std::unique_ptr<Pipeline> both = LoadNarrow({Precision::kW4A4, Precision::kFp32});
  return *both;
}

Request RequestIn(Precision precision, int width = 64, int height = 64, int steps = 3, std::uint64_t seed = 1) {
  Request request = TinyRequest(width, height, steps, seed);
  request.precision = precision;
  return request;
}

torch::Tensor LatentIn(const Pipeline& pipeline, Precision precision) {
  const std::vector<std::uint8_t> bytes = PaintLatent(pipeline, RequestIn(precision));
  torch::Tensor latent = torch::empty({static_cast<std::int64_t>(bytes.size() / sizeof(float))});
  std::memcpy(latent.data_ptr(), bytes.data(), bytes.size());
  return latent;
}

TEST(PrecisionTest, EachRequestIsPaintedAsAPipelineOfOnlyThatPrecisionPaints) {
  const auto mixed = LoadNarrow({Precision::kW4A4, Precision::kBf16});
  const auto quantized = LoadNarrow({Precision::kW4A4});
  const auto plain = Pipeline::Load(TinyOptions({Precision::kBf16}));
  const auto w4a4 = PaintLatent(*mixed, RequestIn(Precision::kW4A4)), bf16 = PaintLatent(*mixed, RequestIn(Precision::kBf16));
  EXPECT_EQ(w4a4, PaintLatent(*quantized, RequestIn(Precision::kW4A4)));
  EXPECT_EQ(bf16, PaintLatent(*plain, RequestIn(Precision::kBf16)));
  EXPECT_NE(w4a4, bf16);
}

TEST(PrecisionTest, TheFloatingPointTypeMayComeFirstOrLast) {
  const auto reversed = LoadNarrow({Precision::kFp32, Precision::kW4A4});
  for (const Precision precision : {Precision::kW4A4, Precision::kFp32}) {
    EXPECT_EQ(PaintLatent(*reversed, RequestIn(precision)), PaintLatent(Both(), RequestIn(precision))) << Name(precision);
  }
  EXPECT_EQ(PaintLatent(Both(), RequestIn(Precision::kFp32)),
            PaintLatent(*Pipeline::Load(TinyOptions({Precision::kFp32})), RequestIn(Precision::kFp32)));
}

TEST(PrecisionTest, TheFirstIsTheDefault) {
  EXPECT_THAT(Both().info().precisions, ElementsAre(Precision::kW4A4, Precision::kFp32));
  Request request = RequestIn(Precision::kW4A4);
  const auto w4a4 = PaintLatent(Both(), request);
  request.precision.reset();
  EXPECT_EQ(PaintLatent(Both(), request), w4a4);
}

// Sizes, step counts and guidance differ as well, so that samples of either precision leave the pack at different times.
TEST(PrecisionTest, SamplesOfBothStepTogether) {
  const Pipeline& pipeline = Both();
  std::vector<Request> requests = {RequestIn(Precision::kW4A4, 64, 64, 3, 1), RequestIn(Precision::kFp32, 96, 64, 2, 2),
                                   RequestIn(Precision::kW4A4, 80, 144, 4, 3), RequestIn(Precision::kFp32, 64, 64, 3, 1),
                                   RequestIn(Precision::kW4A4, 48, 32, 1, 4)};
  requests[2].guidance_scale = 0;
  std::vector<std::unique_ptr<Sample>> samples;
  for (const Request& request : requests) samples.push_back(std::move(pipeline.Begin(request).front()));
  for (int step = 0; step < 4; ++step) {
    std::vector<Sample*> running;
    for (const auto& sample : samples) {
      if (!sample->done()) running.push_back(sample.get());
    }
    pipeline.Step(running);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    ASSERT_TRUE(samples[i]->done());
    EXPECT_EQ(pipeline.Finish(*samples[i], Picture::Kind::kLatentF32).bytes, PaintLatent(pipeline, requests[i])) << "request " << i;
  }
}

// In bf16: in fp32 LibTorch itself rounds products as small as this network's differently as the threads change.
TEST(PrecisionTest, ResultsDoNotDependOnTheThreads) {
  const auto pipeline = LoadNarrow({Precision::kW4A4});
  const Request request = RequestIn(Precision::kW4A4, 144, 112);
  const auto expected = PaintLatent(*pipeline, request);
  for (const int count : {1, 2, 3}) {
    const testing::Threads threads(count);
    EXPECT_TRUE(PaintLatent(*pipeline, request) == expected) << count;
  }
}

TEST(PrecisionTest, MoreBitsComeNearer) {
  const torch::Tensor exact = LatentIn(Both(), Precision::kFp32);
  const auto w8a8 = Pipeline::Load(TinyOptions({Precision::kW8A8, Precision::kFp32}));
  const double four = testing::RelativeError(LatentIn(Both(), Precision::kW4A4), exact);
  const double eight = testing::RelativeError(LatentIn(*w8a8, Precision::kW8A8), exact);
  EXPECT_LT(four, 0.3);
  EXPECT_GT(four, 0);
  EXPECT_LT(eight, four / 5);
  EXPECT_GT(eight, 0);
}

TEST(PrecisionTest, InfoCountsParametersOnceAndBytesOfAll) {
  const auto plain = Pipeline::Load(TinyOptions({Precision::kFp32}));
  const auto quantized = LoadNarrow({Precision::kW4A4});
  const auto half = Pipeline::Load(TinyOptions({Precision::kBf16}));
  EXPECT_EQ(Both().info().parameters, plain->info().parameters);
  EXPECT_EQ(quantized->info().parameters, plain->info().parameters);
  EXPECT_GT(Both().info().resident_bytes, plain->info().resident_bytes);
  EXPECT_LT(quantized->info().resident_bytes, half->info().resident_bytes);
}

std::vector<FieldViolation> ViolationsOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const BadRequest& error) {
    return error.violations();
  }
  ADD_FAILURE() << "accepted";
  return {};
}

// One violation of `field`, with all of `parts`.
void ExpectRefused(const std::function<void()>& action, const std::string& field, const std::vector<std::string>& parts) {
  const std::vector<FieldViolation> violations = ViolationsOf(action);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, field);
  for (const std::string& part : parts) EXPECT_THAT(violations[0].description, HasSubstr(part));
}

TEST(PrecisionTest, WhatIsNotLoadedIsRefused) {
  for (const Precision missing : {Precision::kW8A8, Precision::kBf16}) {
    ExpectRefused([&] { Both().Begin(RequestIn(missing)); }, "precision",
                  {"expected one that is loaded (w4a4, fp32), found " + std::string(Name(missing))});
  }
}

void ExpectLoadRefused(const LoadOptions& options, const std::string& field, const std::vector<std::string>& parts) {
  ExpectRefused([&] { Pipeline::Load(options); }, field, parts);
}

TEST(PrecisionTest, UnknownRecipesAreRefusedWithTheNamesOfPresets) {
  ExpectLoadRefused(TinyOptions({Precision::kW4A4}, "magic"), "recipe",
                    {"stamp-w4a4", "rtn-w4a4", "w8a8", "paper", R"(found "magic")"});
}

TEST(PrecisionTest, ARecipeOfOtherBitsIsRefused) {
  ExpectLoadRefused(TinyOptions({Precision::kW8A8}, "rtn-w4a4"), "precision", {"expected w4a4", "recipe rtn-w4a4", "found w8a8"});
  const RecipeFile eight(NarrowRecipe(R"(, "weight_bits": 8, "activation_bits": 8)"));
  ExpectLoadRefused(TinyOptions({Precision::kFp32, Precision::kW4A4}, eight.path()), "precision",
                    {"expected w8a8", "recipe narrow", "found w4a4"});
}

TEST(PrecisionTest, TwoFloatingPointTypesAreRefused) {
  ExpectLoadRefused(TinyOptions({Precision::kFp32, Precision::kW8A8, Precision::kBf16}), "precision",
                    {"expected at most one of fp32, bf16 and fp16"});
}

void ExpectRecipeBroken(const std::string& json, std::initializer_list<std::string> parts) {
  const RecipeFile recipe(json);
  ExpectBroken([&] { Pipeline::Load(TinyOptions({Precision::kW4A4}, recipe.path())); }, parts);
}

TEST(PrecisionTest, ARecipeThatDoesNotFitTheNetworkNamesLayerAndField) {
  ExpectRecipeBroken(NarrowRecipe(R"(, "weight_group": 64)"),
                     {"narrow", "transformer_blocks.0.attn1.to_q", "weight_group", "width 32", "found 64"});
  ExpectRecipeBroken(NarrowRecipe(R"(, "layers": [{"layers": "attn3.to_q", "skip": true}])"), {"narrow", "\"attn3.to_q\""});
  ExpectRecipeBroken(NarrowRecipe(R"(, "layers": [{"layers": "attn1.to_k", "skip": true}])"),
                     {"attn1.to_q", "attn1.to_k", "one input"});
}

TEST(PrecisionTest, ARecipeFileThatIsWrongIsNamed) {
  ExpectRecipeBroken("{", {"recipe.json"});
  ExpectRecipeBroken(NarrowRecipe(R"(, "weight_bits": 5)"), {"recipe.json", "weight_bits", "found 5"});
}

TEST(PrecisionTest, SmoothingWithoutCalibrationIsRefused) {
  ExpectRecipeBroken(NarrowRecipe(R"(, "smooth_alpha": 0.5)"), {"transformer_blocks.0.attn1.to_q", "calibrate"});
}

}  // namespace
}  // namespace stampd
