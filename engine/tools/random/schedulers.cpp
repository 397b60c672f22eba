#include <limits>
#include <map>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

using Settings = std::map<std::string, Json>;

Settings DpmSolver() {
  return {{"_class_name", "DPMSolverMultistepScheduler"},
          {"_diffusers_version", "0.29.0"},
          {"algorithm_type", "dpmsolver++"},
          {"beta_end", 0.02},
          {"beta_schedule", "linear"},
          {"beta_start", 0.0001},
          {"dynamic_thresholding_ratio", 0.995},
          {"euler_at_final", false},
          {"final_sigmas_type", "zero"},
          {"lambda_min_clipped", -std::numeric_limits<double>::infinity()},
          {"lower_order_final", true},
          {"num_train_timesteps", 1000},
          {"prediction_type", "epsilon"},
          {"sample_max_value", 1.0},
          {"solver_order", 2},
          {"solver_type", "midpoint"},
          {"steps_offset", 0},
          {"thresholding", false},
          {"timestep_spacing", "linspace"},
          {"trained_betas", nullptr},
          {"use_karras_sigmas", false},
          {"use_lu_lambdas", false},
          {"variance_type", nullptr}};
}

ComponentPlan Plan(const std::string& class_name, const Settings& settings) {
  return {.name = "scheduler",
          .library = "diffusers",
          .class_name = class_name,
          .files = {{"scheduler_config.json", Json::Object({settings.begin(), settings.end()}).file_text()}},
          .tensors = {},
          .stem = {}};
}

}  // namespace

ComponentPlan PlanDpmSolver() { return Plan("DPMSolverMultistepScheduler", DpmSolver()); }

ComponentPlan PlanFlowDpmSolver(double flow_shift) {
  Settings settings = {{"_diffusers_version", "0.33.0"},  {"flow_shift", flow_shift}, {"prediction_type", "flow_prediction"},
                       {"rescale_betas_zero_snr", false}, {"use_beta_sigmas", false}, {"use_exponential_sigmas", false},
                       {"use_flow_sigmas", true}};
  settings.merge(DpmSolver());
  return Plan("DPMSolverMultistepScheduler", settings);
}

ComponentPlan PlanScm() {
  return Plan("SCMScheduler", {{"_class_name", "SCMScheduler"},
                               {"_diffusers_version", "0.33.0"},
                               {"num_train_timesteps", 1000},
                               {"prediction_type", "trigflow"},
                               {"sigma_data", 0.5}});
}

}  // namespace stampd::tools
