#pragma once

#include <memory>

#include "engine/io/config.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {

/// FlowMatchEulerDiscreteScheduler: Euler's method on dx/dsigma = noise - x0, which flow matching models predict (flow.h). With
/// stochastic_sampling each step goes to the predicted x0 and from there to fresh noise instead.
///
/// Not supported, hence Broken: use_dynamic_shifting, whose shift comes from the image size; shift_terminal; invert_sigmas; files
/// that are not of flow matching.
std::unique_ptr<const Sampler> MakeFlowEuler(const io::Config& config);

}  // namespace stampd::samplers
