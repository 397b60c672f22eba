#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::unique_ptr<const Sampler>> Make(const std::string& settings) {
  return MakeSamplers(io::Config::Parse("{" + settings + "}", "scheduler/scheduler_config.json"));
}

std::vector<std::string> Names(const std::string& settings) {
  std::vector<std::string> names;
  for (const auto& sampler : Make(settings)) names.emplace_back(sampler->name());
  return names;
}

std::string Dpm(const std::string& settings = "") {
  return R"("_class_name": "DPMSolverMultistepScheduler")" + (settings.empty() ? "" : ", " + settings);
}

std::string Euler(const std::string& settings = "") {
  return R"("_class_name": "EulerDiscreteScheduler")" + (settings.empty() ? "" : ", " + settings);
}

std::string FlowEuler(const std::string& settings = "") {
  return R"("_class_name": "FlowMatchEulerDiscreteScheduler")" + (settings.empty() ? "" : ", " + settings);
}

std::string Scm(const std::string& settings = "") {
  return R"("_class_name": "SCMScheduler")" + (settings.empty() ? "" : ", " + settings);
}

std::string ErrorOf(const std::string& settings) {
  try {
    Make(settings);
  } catch (const Broken& error) {
    return error.what();
  }
  return "no error";
}

TEST(SamplerConfigTest, OwnSamplerComesFirst) {
  EXPECT_THAT(Names(Dpm()), ElementsAre("dpmsolver++", "euler"));
  EXPECT_THAT(Names(Euler()), ElementsAre("euler", "dpmsolver++"));
  EXPECT_THAT(Names(Dpm(R"("algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min")")), ElementsAre("dpmsolver", "euler"));
}

TEST(SamplerConfigTest, FlowModelsHaveAnEulerOfTheirOwn) {
  EXPECT_THAT(Names(Dpm(R"("use_flow_sigmas": true, "prediction_type": "flow_prediction")")),
              ElementsAre("dpmsolver++", "flow_euler"));
  EXPECT_THAT(Names(FlowEuler(R"("shift": 3.0)")), ElementsAre("flow_euler", "dpmsolver++"));
  EXPECT_THAT(Names(Dpm(R"("use_flow_sigmas": true)")), ElementsAre("dpmsolver++"))
      << "Euler's is for models that predict the flow";
  EXPECT_THAT(Names(FlowEuler(R"("use_karras_sigmas": true)")), ElementsAre("flow_euler"))
      << "DPM-Solver's are of constant variance";
}

TEST(SamplerConfigTest, ConsistencyModelsHaveOneSampler) {
  EXPECT_THAT(Names(Scm()), ElementsAre("scm"));
  EXPECT_THAT(Names(Scm(R"("num_train_timesteps": 1000, "prediction_type": "trigflow", "sigma_data": 0.5)")), ElementsAre("scm"));
}

TEST(SamplerConfigTest, SettingOfTheOtherClassDoesNotSpoilTheOwn) {
  EXPECT_THAT(Names(Euler(R"("algorithm_type": "sde-dpmsolver++")")), ElementsAre("euler"));
}

TEST(SamplerConfigTest, StepsAreThoseOfTraining) {
  EXPECT_EQ(Make(Dpm(R"("num_train_timesteps": 300)")).front()->max_steps(), 300);
  EXPECT_EQ(Make(Euler(R"("num_train_timesteps": 300)")).front()->max_steps(), 300);
  EXPECT_EQ(Make(FlowEuler(R"("num_train_timesteps": 300)")).front()->max_steps(), 300);
  EXPECT_EQ(Make(Scm(R"("num_train_timesteps": 300)")).front()->max_steps(), 300);
}

TEST(SamplerConfigTest, ErrorNamesFileKeyExpectedAndFound) {
  EXPECT_EQ(
      ErrorOf(Dpm(R"("algorithm_type": "sde-dpmsolver++")")),
      "[scheduler] scheduler/scheduler_config.json: algorithm_type: expected dpmsolver++ or dpmsolver (the others draw noise at "
      "each step), found sde-dpmsolver++");
  EXPECT_EQ(
      ErrorOf(Dpm(R"("timestep_spacing": "random")")),
      "[scheduler] scheduler/scheduler_config.json: timestep_spacing: expected linspace or leading or trailing, found random");
}

struct Refused {
  std::string settings;
  std::string key;
  std::string found;
};

class RefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, NamesKeyAndValue) {
  EXPECT_THAT(ErrorOf(GetParam().settings), AllOf(HasSubstr("[scheduler]"), HasSubstr(": " + GetParam().key + ": expected"),
                                                  HasSubstr("found " + GetParam().found)));
}

INSTANTIATE_TEST_SUITE_P(
    Settings, RefusedTest,
    testing::Values(
        Refused{R"("_class_name": "UniPCMultistepScheduler")", "_class_name", "UniPCMultistepScheduler"},
        Refused{Dpm(R"("algorithm_type": "unipc")"), "algorithm_type", "unipc"},
        Refused{Dpm(R"("solver_type": "rk4")"), "solver_type", "rk4"}, Refused{Dpm(R"("solver_order": 4)"), "solver_order", "4"},
        Refused{Dpm(R"("use_dynamic_shifting": true)"), "use_dynamic_shifting", "true"},
        Refused{Dpm(R"("variance_type": "learned_range")"), "variance_type", "learned_range"},
        Refused{Dpm(R"("prediction_type": "score")"), "prediction_type", "score"},
        Refused{Dpm(R"("algorithm_type": "dpmsolver")"), "final_sigmas_type", "zero"},
        Refused{Dpm(R"("algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "prediction_type": "flow_prediction")"),
                "prediction_type", "flow_prediction"},
        Refused{Dpm(R"("final_sigmas_type": "half")"), "final_sigmas_type", "half"},
        Refused{Dpm(R"("use_karras_sigmas": true, "use_beta_sigmas": true)"), "use_beta_sigmas", "true"},
        Refused{Dpm(R"("beta_schedule": "sigmoid")"), "beta_schedule", "sigmoid"},
        Refused{Dpm(R"("beta_end": 1.5)"), "beta_end", "a remaining"},
        Refused{Dpm(R"("beta_start": 0)"), "beta_end", "a remaining"},
        Refused{Dpm(R"("num_train_timesteps": 0)"), "num_train_timesteps", "0"},
        Refused{Dpm(R"("trained_betas": [0.1, 0.2])"), "trained_betas", "2"},
        Refused{Dpm(R"("lambda_min_clipped": 99)"), "lambda_min_clipped", "none"},
        Refused{Dpm(R"("steps_offset": -1)"), "steps_offset", "-1"}, Refused{Dpm(R"("flow_shift": 0)"), "flow_shift", "0"},
        Refused{Dpm(R"("dynamic_thresholding_ratio": 2)"), "dynamic_thresholding_ratio", "2"},
        Refused{Euler(R"("prediction_type": "flow_prediction")"), "prediction_type", "flow_prediction"},
        Refused{Euler(R"("use_flow_sigmas": true)"), "use_flow_sigmas", "true"},
        Refused{Euler(R"("interpolation_type": "cubic")"), "interpolation_type", "cubic"},
        Refused{Euler(R"("timestep_type": "random")"), "timestep_type", "random"},
        Refused{Euler(R"("sigma_min": -1)"), "sigma_min", "-1"},
        Refused{Dpm(R"("use_flow_sigmas": true, "use_karras_sigmas": true)"), "use_flow_sigmas", "true"},
        Refused{FlowEuler(R"("shift": -2)"), "shift", "-2"},
        Refused{FlowEuler(R"("use_dynamic_shifting": true)"), "use_dynamic_shifting", "true"},
        Refused{FlowEuler(R"("invert_sigmas": true)"), "invert_sigmas", "true"},
        Refused{FlowEuler(R"("shift_terminal": 0.02)"), "shift_terminal", "0.02"},
        Refused{FlowEuler(R"("prediction_type": "epsilon")"), "prediction_type", "epsilon"},
        Refused{FlowEuler(R"("use_karras_sigmas": true, "use_beta_sigmas": true)"), "use_beta_sigmas", "true"},
        Refused{Scm(R"("prediction_type": "epsilon")"), "prediction_type", "epsilon"},
        Refused{Scm(R"("sigma_data": 0)"), "sigma_data", "0"},
        Refused{Scm(R"("num_train_timesteps": 0)"), "num_train_timesteps", "0"}));

}  // namespace
}  // namespace stampd::samplers
