#pragma once

#include <string_view>

#include "engine/io/config.h"

namespace stampd::samplers {

/// Flow matching (arXiv:2210.02747) as a scheduler_config.json asks for it: latents are (1 - sigma) * x0 + sigma * noise, with
/// sigma from 0 to 1, and timesteps are sigma * num_train_timesteps.
///
/// DPMSolverMultistepScheduler says so in use_flow_sigmas, flow_shift and prediction_type; FlowMatchEulerDiscreteScheduler always
/// is of this kind and says `shift`. Either solver runs on either file. To swap them in diffusers, the caller names the other
/// class's keys by hand: `from_config(config, shift=…)`, `from_config(config, use_flow_sigmas=True, flow_shift=…,
/// prediction_type="flow_prediction")`. Without them it would read its own defaults there, which fit no checkpoint.
bool IsFlow(const io::Config& config);

/// How far noise levels are pushed towards noise, 1 for not at all. Broken unless above 0 and finite.
double FlowShift(const io::Config& config);

/// The prediction_type of a file that has none.
std::string_view DefaultPrediction(const io::Config& config);

}  // namespace stampd::samplers
