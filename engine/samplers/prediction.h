#pragma once

#include <torch/types.h>

namespace stampd::samplers {

/// What the model was trained to say of x = alpha * x0 + sigma * noise.
enum class PredictionType {
  kEpsilon,  // noise
  kSample,   // x0
  kV,        // alpha * noise - sigma * x0
  kFlow,     // noise - x0
};

/// A step's prediction and latent as Solver::Step promises to get them, and a step left to take. Broken.
void CheckStep(const torch::Tensor& prediction, const torch::Tensor& latent, int step, int total_steps);

}  // namespace stampd::samplers
