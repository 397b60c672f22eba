#pragma once

#include <memory>

#include "engine/io/config.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {

/// DPMSolverMultistepScheduler: DPM-Solver and DPM-Solver++ of orders 1 to 3 (arXiv:2206.00927, arXiv:2211.01095), of models
/// trained on noise of constant variance or on flow matching (flow.h).
///
/// Not supported, hence Broken: the sde- algorithms, which draw noise at each step; use_dynamic_shifting, whose shift
/// comes from the image size; a learned variance.
std::unique_ptr<const Sampler> MakeDpmSolver(const io::Config& config);

}  // namespace stampd::samplers
