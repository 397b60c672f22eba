#include "engine/request_plan.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stampd {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

ModelInfo Info() {
  ModelInfo info;
  info.schedulers = {"dpmsolver++", "euler"};
  info.default_width = info.default_height = 512;
  info.min_side = 32;
  info.max_side = 2048;
  info.max_pixels = 1024 * 1024;
  info.size_multiple = 16;
  info.default_steps = 20;
  info.max_steps = 1000;
  info.default_guidance_scale = 4.5;
  info.max_guidance_scale = 100;
  info.default_use_resolution_binning = true;
  return info;
}

std::vector<std::string> Fields(const Request& request, bool over_limit) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : CheckRequest(Info(), request)) {
    if (violation.over_limit == over_limit) fields.push_back(violation.field);
  }
  return fields;
}

TEST(RequestPlanTest, AbsentMeansDefault) {
  const RequestPlan plan = PlanRequest(Info(), {});
  EXPECT_EQ(plan.size, (Size{512, 512}));
  EXPECT_EQ(plan.painted, (Size{512, 512}));
  EXPECT_EQ(plan.steps, 20);
  EXPECT_DOUBLE_EQ(plan.guidance_scale, 4.5);
  EXPECT_EQ(plan.sampler, 0);
  EXPECT_THAT(CheckRequest(Info(), {}), IsEmpty());
}

TEST(RequestPlanTest, ZeroGuidanceIsAValue) {
  EXPECT_DOUBLE_EQ(PlanRequest(Info(), {.guidance_scale = 0.0}).guidance_scale, 0);
  EXPECT_FALSE(PlanRequest(Info(), {.guidance_scale = 1.0}).guided);
  EXPECT_TRUE(PlanRequest(Info(), {.guidance_scale = 1.001}).guided);
}

TEST(RequestPlanTest, EmbeddedGuidanceNeedsNoSecondRun) {
  ModelInfo info = Info();
  info.guidance_embedded = true;
  EXPECT_FALSE(PlanRequest(info, {.guidance_scale = 4.5}).guided);
  EXPECT_THAT(CheckRequest(info, {.prompt = "a cat", .guidance_scale = 4.5}), IsEmpty());
  EXPECT_THAT(CheckRequest(info, {.negative_prompt = "a dog"}),
              ElementsAre(::testing::Field(&FieldViolation::field, "negative_prompt")));
}

TEST(RequestPlanTest, BinningPaintsAtATrainedSize) {
  const RequestPlan plan = PlanRequest(Info(), {.width = 500, .height = 300});
  EXPECT_EQ(plan.size, (Size{500, 300}));
  EXPECT_EQ(plan.painted, (Size{640, 384}));
}

TEST(RequestPlanTest, OddSizesNeedBinning) {
  EXPECT_THAT(Fields({.width = 500, .height = 300, .use_resolution_binning = false}, false), ElementsAre("width", "height"));
  EXPECT_THAT(CheckRequest(Info(), {.width = 500, .height = 300}), IsEmpty());
}

TEST(RequestPlanTest, LimitsAreToldFromMistakes) {
  EXPECT_THAT(Fields({.width = 4096, .height = 64}, true), Contains("width"));
  EXPECT_THAT(Fields({.width = 2048, .height = 2048}, true), ElementsAre("width"));
  EXPECT_THAT(Fields({.steps = 1001}, true), ElementsAre("steps"));
  EXPECT_THAT(Fields({.steps = -1}, false), ElementsAre("steps"));
  EXPECT_THAT(Fields({.width = 31}, false), ElementsAre("width"));
  EXPECT_THAT(Fields({.guidance_scale = 1e38}, true), ElementsAre("guidance_scale"));
}

TEST(RequestPlanTest, HugeSidesDoNotOverflow) {
  constexpr int kMax = std::numeric_limits<int>::max();
  EXPECT_THAT(Fields({.width = kMax, .height = kMax}, true), ElementsAre("width", "height", "width"));
}

TEST(RequestPlanTest, GuidanceMustBeANumber) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(), -1.0}) {
    EXPECT_THAT(CheckRequest(Info(), {.guidance_scale = bad}), ::testing::SizeIs(1)) << bad;
  }
  EXPECT_THAT(CheckRequest(Info(), {.guidance_scale = -0.0}), IsEmpty());
  EXPECT_THAT(CheckRequest(Info(), {.guidance_scale = std::numeric_limits<double>::denorm_min()}), IsEmpty());
}

TEST(RequestPlanTest, UnknownSchedulerListsTheKnownOnes) {
  const auto violations = CheckRequest(Info(), {.scheduler = "ddim"});
  ASSERT_THAT(violations, ::testing::SizeIs(1));
  EXPECT_EQ(violations[0].description, "expected one of dpmsolver++, euler, found ddim");
  EXPECT_EQ(PlanRequest(Info(), {.scheduler = "euler"}).sampler, 1);
}

}  // namespace
}  // namespace stampd
