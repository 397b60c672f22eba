#include "engine/samplers/schedule.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "engine/samplers/dpm_schedule.h"
#include "engine/samplers/euler_schedule.h"
#include "engine/samplers/flow_euler_schedule.h"
#include "tests/golden.h"

namespace stampd::samplers {
namespace {

using ::testing::ElementsAre;
using ::testing::Pointwise;

constexpr int kSteps[] = {1, 2, 4, 8, 14, 15, 20, 25, 50};

std::function<Schedule(int)> ScheduleOf(const io::Config& config) {
  if (config.String("_class_name") == "EulerDiscreteScheduler") {
    const bool v = config.String("prediction_type", "epsilon") == "v_prediction";
    return [schedule = EulerSchedule(config, v)](int steps) { return schedule.Steps(steps); };
  }
  if (config.String("_class_name") == "FlowMatchEulerDiscreteScheduler") {
    return [schedule = FlowEulerSchedule(config)](int steps) { return schedule.Steps(steps); };
  }
  return [schedule = DpmSchedule(config)](int steps) { return schedule.Steps(steps); };
}

io::Config Parse(const std::string& settings) { return io::Config::Parse("{" + settings + "}", "scheduler_config.json"); }

Schedule DpmSteps(int steps, const std::string& settings = "") { return DpmSchedule(Parse(settings)).Steps(steps); }

TEST(ScheduleTest, EqualsDiffusersForEveryCase) {
  const testing::Golden golden("schedulers/tables");
  const io::Config cases = io::Config::Read("tests/data/schedulers/cases.json");
  ASSERT_GT(cases.keys().size(), 50U);
  for (const std::string& name : cases.keys()) {
    SCOPED_TRACE(name);
    const auto schedule_of = ScheduleOf(cases.Object(name));
    std::vector<double> timesteps;
    std::vector<float> sigmas;
    for (const int steps : kSteps) {
      const Schedule schedule = schedule_of(steps);
      timesteps.insert(timesteps.end(), schedule.timesteps.begin(), schedule.timesteps.end());
      sigmas.insert(sigmas.end(), schedule.sigmas.begin(), schedule.sigmas.end());
    }
    const torch::Tensor expected_t = golden[name + ".timesteps"].to(torch::kFloat64);
    const torch::Tensor expected_s = golden[name + ".sigmas"];
    const torch::Tensor t = torch::tensor(timesteps, torch::kFloat64);
    const torch::Tensor s = torch::tensor(sigmas, torch::kFloat32);
    ASSERT_EQ(t.sizes(), expected_t.sizes());
    ASSERT_EQ(s.sizes(), expected_s.sizes());
    const bool whole = torch::equal(expected_t, expected_t.round());
    EXPECT_LE((t - expected_t).abs().max().item<double>(), whole ? 0 : 1e-6 * 999);
    // Rescaling to zero SNR subtracts two nearly equal square roots in float32, which LibTorch rounds as the machine likes.
    const double tolerance = cases.Object(name).Bool("rescale_betas_zero_snr", false) ? 1e-4 : 1e-6;
    EXPECT_TRUE(torch::allclose(s, expected_s, tolerance, /*atol=*/0));
  }
}

TEST(ScheduleTest, PixArtInTwentySteps) {
  const Schedule schedule = DpmSteps(20);
  EXPECT_THAT(schedule.timesteps,
              ElementsAre(999, 949, 899, 849, 799, 749, 699, 649, 599, 549, 500, 450, 400, 350, 300, 250, 200, 150, 100, 50));
  const std::vector<float> expected = {157.40726, 96.176086,  60.271412,  38.736404,  25.528482,  17.246981,  11.93952,
                                       8.463007,  6.1352096,  4.5412359,  3.4429669,  2.6356542,  2.0410872,  1.5910033,
                                       1.2401613, 0.95803368, 0.72359121, 0.52196527, 0.34226012, 0.17601012, 0};
  EXPECT_THAT(schedule.sigmas, Pointwise(::testing::FloatEq(), expected));
}

TEST(ScheduleTest, SanaInTwentySteps) {
  const Schedule schedule = DpmSteps(20, R"("use_flow_sigmas": true, "flow_shift": 3.0)");
  EXPECT_THAT(schedule.timesteps,
              ElementsAre(999, 982, 963, 944, 922, 899, 874, 847, 817, 785, 749, 710, 666, 617, 562, 499, 428, 345, 249, 136));
  EXPECT_FLOAT_EQ(schedule.sigmas[0], 0.99966645F);
  EXPECT_FLOAT_EQ(schedule.sigmas[10], 0.74962479F);
  EXPECT_FLOAT_EQ(schedule.sigmas[19], 0.13623966F);
}

// 1000 * sigma, neither truncated nor rounded, and shifted twice.
TEST(ScheduleTest, FlowEulerInTwentySteps) {
  const Schedule schedule = FlowEulerSchedule(Parse(R"("_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0)")).Steps(20);
  const std::vector<double> expected = {1000,    981.875, 962.386, 941.373, 918.652, 894.003, 867.172, 837.855, 805.689, 770.239,
                                        730.974, 687.244, 638.24,  582.948, 520.074, 447.944, 364.352, 266.33,  149.787, 8.929};
  EXPECT_THAT(schedule.timesteps, Pointwise(::testing::DoubleNear(5.1e-4), expected));
  EXPECT_EQ(schedule.sigmas.back(), 0);
}

TEST(ScheduleTest, TrailingTimestepsAreAsManyAsStepsAndNeverBelowZero) {
  for (int steps = 1; steps <= 1000; ++steps) {
    const std::vector<double> timesteps = TrailingTimesteps(1000, 1000, steps);
    ASSERT_EQ(timesteps.size(), static_cast<std::size_t>(steps));
    ASSERT_EQ(timesteps.front(), 999);
    ASSERT_GE(timesteps.back(), 0) << steps;
  }
}

TEST(ScheduleTest, SigmasFallForEveryNumberOfSteps) {
  for (const std::string spacing : {"linspace", "leading", "trailing"}) {
    const DpmSchedule schedule(Parse("\"timestep_spacing\": \"" + spacing + "\""));
    for (int steps = 1; steps <= schedule.max_steps(); ++steps) {
      const std::vector<float> sigmas = schedule.Steps(steps).sigmas;
      ASSERT_EQ(sigmas.size(), static_cast<std::size_t>(steps) + 1);
      ASSERT_TRUE(std::is_sorted(sigmas.rbegin(), sigmas.rend())) << spacing << ' ' << steps;
      ASSERT_EQ(sigmas.back(), 0);
    }
  }
}

TEST(ScheduleTest, RefusesStepsThatTrainingDidNotHave) {
  for (const int steps : {0, -1, 1001}) {
    EXPECT_THROW(DpmSteps(steps), BadRequest) << steps;
    EXPECT_THROW(EulerSchedule(Parse(""), false).Steps(steps), BadRequest) << steps;
  }
  EXPECT_NO_THROW(DpmSteps(1000));
}

// 1000 / (1000 + 1) steps would all be at timestep 0.
TEST(ScheduleTest, LeadingTimestepsHaveRoomForOneStepLess) {
  const DpmSchedule schedule(Parse(R"("timestep_spacing": "leading")"));
  EXPECT_EQ(schedule.max_steps(), 999);
  EXPECT_THROW(schedule.Steps(1000), BadRequest);
  EXPECT_EQ(schedule.Steps(999).timesteps.back(), 1);
}

TEST(ScheduleTest, StepsErrorHoldsValueAndRange) {
  try {
    DpmSteps(0);
    FAIL();
  } catch (const BadRequest& error) {
    ASSERT_EQ(error.violations().size(), 1U);
    EXPECT_EQ(error.violations()[0].field, "steps");
    EXPECT_EQ(error.violations()[0].description, "is 0; must be 1 to 1000");
  }
}

}  // namespace
}  // namespace stampd::samplers
