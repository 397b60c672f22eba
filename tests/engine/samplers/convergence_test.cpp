#include <cmath>
#include <string>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "engine/samplers/dpm_schedule.h"
#include "engine/samplers/euler_schedule.h"
#include "engine/samplers/flow_euler_schedule.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {
namespace {

// Data x0 ~ N(kMean, kDeviation^2): the best prediction and the path of the probability flow are both known in closed form.
constexpr double kMean = 0.7;
constexpr double kDeviation = 0.4;

// Noise at the level sigma given x = x0 + sigma * noise.
double Epsilon(double x, double sigma) { return sigma * (x - kMean) / (kDeviation * kDeviation + sigma * sigma); }

// (x - mean) / sqrt(deviation^2 + sigma^2) stays what it is along the flow.
double Flow(double x, double from, double to) {
  return kMean + (x - kMean) * std::hypot(kDeviation, to) / std::hypot(kDeviation, from);
}

// |end of the run - end of the flow|. `constant_variance`: the solver's latents are those of x, divided by sqrt(1 + sigma^2).
double Error(const std::string& config, const Schedule& schedule, bool constant_variance) {
  const auto sampler = std::move(MakeSamplers(io::Config::Parse(config, "scheduler_config.json")).front());
  const int steps = static_cast<int>(schedule.timesteps.size());
  const auto solver = sampler->Start(steps, {});
  const auto latents_of = [&](double sigma) { return constant_variance ? std::hypot(1.0, sigma) : 1.0; };
  const double start = 1.3 * schedule.sigmas[0];
  torch::Tensor x = torch::full({1}, start / latents_of(schedule.sigmas[0]), torch::kFloat32);
  for (int i = 0; i < steps; ++i) {
    const double sigma = schedule.sigmas[i];
    x = solver->Step(torch::full({1}, Epsilon(x.item<double>() * latents_of(sigma), sigma), torch::kFloat32), x);
  }
  const double end = schedule.sigmas[steps];
  return std::abs(x.item<double>() * latents_of(end) - Flow(start, schedule.sigmas[0], end));
}

double DpmError(int steps, const std::string& settings) {
  const std::string config =
      R"({"_class_name": "DPMSolverMultistepScheduler", "final_sigmas_type": "sigma_min", "use_lu_lambdas": true, )" + settings +
      "}";
  return Error(config, DpmSchedule(io::Config::Parse(config, "c")).Steps(steps), true);
}

double EulerError(int steps) {
  const std::string config =
      R"({"_class_name": "EulerDiscreteScheduler", "final_sigmas_type": "sigma_min", "use_exponential_sigmas": true})";
  return Error(config, EulerSchedule(io::Config::Parse(config, "c"), false).Steps(steps), false);
}

// The deviation of (1 - sigma) * x0 + sigma * noise.
double FlowDeviation(double sigma) { return std::hypot((1 - sigma) * kDeviation, sigma); }

// The same for flow matching: the best prediction is E[noise - x0 | x], and (x - mean) / deviation stays along the flow.
double FlowMatchingError(const std::string& config, const Schedule& schedule) {
  const auto sampler = std::move(MakeSamplers(io::Config::Parse(config, "scheduler_config.json")).front());
  const int steps = static_cast<int>(schedule.timesteps.size());
  const auto solver = sampler->Start(steps, {});
  const auto scored = [](double x, double sigma) { return (x - (1 - sigma) * kMean) / FlowDeviation(sigma); };
  const double start = 1.3;
  torch::Tensor x = torch::full({1}, start, torch::kFloat32);
  for (int i = 0; i < steps; ++i) {
    const double sigma = schedule.sigmas[i];
    const double score = scored(x.item<double>(), sigma) / FlowDeviation(sigma);
    const double noise = sigma * score, data = kMean + (1 - sigma) * kDeviation * kDeviation * score;
    x = solver->Step(torch::full({1}, noise - data, torch::kFloat32), x);
  }
  return std::abs(x.item<double>() - (kMean + kDeviation * scored(start, schedule.sigmas[0])));
}

double FlowEulerError(int steps) {
  const std::string config = R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})";
  return FlowMatchingError(config, FlowEulerSchedule(io::Config::Parse(config, "c")).Steps(steps));
}

double FlowDpmError(int steps) {
  const std::string config =
      R"({"_class_name": "DPMSolverMultistepScheduler", "use_flow_sigmas": true, "prediction_type": "flow_prediction"})";
  return FlowMatchingError(config, DpmSchedule(io::Config::Parse(config, "c")).Steps(steps));
}

double OrderSeen(double error, double error_with_twice_the_steps) { return std::log2(error / error_with_twice_the_steps); }

TEST(ConvergenceTest, FirstOrderSolversHalveTheirErrorWithTwiceTheSteps) {
  EXPECT_NEAR(OrderSeen(EulerError(40), EulerError(80)), 1, 0.2);
  EXPECT_NEAR(OrderSeen(FlowEulerError(40), FlowEulerError(80)), 1, 0.2);
  EXPECT_NEAR(OrderSeen(DpmError(40, R"("solver_order": 1)"), DpmError(80, R"("solver_order": 1)")), 1, 0.2);
}

TEST(ConvergenceTest, SecondOrderSolversQuarterIt) {
  for (const std::string settings :
       {R"("solver_type": "midpoint")", R"("solver_type": "heun")", R"("algorithm_type": "dpmsolver")"}) {
    EXPECT_NEAR(OrderSeen(DpmError(40, settings), DpmError(80, settings)), 2, 0.35) << settings;
  }
}

TEST(ConvergenceTest, HigherOrdersAreNearerTheFlow) {
  const double first = DpmError(40, R"("solver_order": 1)");
  const double second = DpmError(40, R"("solver_order": 2)");
  const double third = DpmError(40, R"("solver_order": 3)");
  EXPECT_LT(second, first / 4);
  EXPECT_LT(third, second / 2);
  EXPECT_LT(FlowDpmError(40), FlowEulerError(40) / 4);
}

}  // namespace
}  // namespace stampd::samplers
