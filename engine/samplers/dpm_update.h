#pragma once

#include <span>

#include <torch/types.h>

namespace stampd::samplers {

/// A point of the noise schedule in the solver's variables: x = alpha * x0 + sigma * noise, lambda = ln(alpha / sigma). float32
/// as in the reference, whose rounding shows where two levels are close.
struct NoiseLevel {
  float alpha = 1;
  float sigma = 0;
  float lambda = 0;
};

/// Of `sigma` = noise over data where the variance is constant; with `flow`, of x = (1 - sigma) * x0 + sigma * noise.
NoiseLevel LevelOf(float sigma, bool flow);

/// What the model said at a level: the clean data (DPM-Solver++) or the noise (DPM-Solver).
struct Evaluation {
  NoiseLevel level;
  torch::Tensor output;
};

struct DpmRule {
  bool predicts_data = true;  // DPM-Solver++, arXiv:2211.01095; else DPM-Solver, arXiv:2206.00927
  bool heun = false;          // how a second-order step weighs the slope; else midpoint
};

/// The step to `to` from the last of `evaluations`, in an order that is their number: 1, 2 or 3. All at different levels.
///
/// `latent` is float32 and so is the result; the evaluations' slopes are taken in their own dtype.
torch::Tensor DpmUpdate(const DpmRule& rule, std::span<const Evaluation> evaluations, const NoiseLevel& to,
                        const torch::Tensor& latent);

}  // namespace stampd::samplers
