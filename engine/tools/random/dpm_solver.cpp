#include <limits>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {

ComponentPlan PlanDpmSolver() {
  const Json config = Json::Object({{"_class_name", "DPMSolverMultistepScheduler"},
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
                                    {"variance_type", nullptr}});
  return {.name = "scheduler",
          .library = "diffusers",
          .class_name = "DPMSolverMultistepScheduler",
          .files = {{"scheduler_config.json", config.file_text()}},
          .tensors = {},
          .stem = {}};
}

}  // namespace stampd::tools
