#pragma once

#include <memory>

#include "engine/io/config.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {

/// EulerDiscreteScheduler without churn: Euler's method on dx/dsigma = (x - x0) / sigma (arXiv:2206.00364, algorithm 1), where
/// x = x0 + sigma * noise.
///
/// For models of the variance preserving kind (prediction_type epsilon, sample, v_prediction). Broken for others.
std::unique_ptr<const Sampler> MakeEuler(const io::Config& config);

}  // namespace stampd::samplers
