#include "engine/samplers/trig_flow.h"

#include <cmath>

namespace stampd::samplers {
namespace {

// Not quite pi / 2, and its cosine is below 0: the reference's literal.
constexpr double kFirst = 1.57080;
constexpr float kMiddleOfTwo = 1.3F;

// Correctly rounded, because LibTorch's float32 functions differ between machines in the last place.
float Cos(float t) { return static_cast<float>(std::cos(static_cast<double>(t))); }
float Sin(float t) { return static_cast<float>(std::sin(static_cast<double>(t))); }

}  // namespace

TrigFlowPoint::TrigFlowPoint(float t)
    : cos(Cos(t)),
      sin(Sin(t)),
      flow_sigma(sin / (cos + sin)),
      flow_norm(std::sqrt(flow_sigma * flow_sigma + (1 - flow_sigma) * (1 - flow_sigma))) {}

std::vector<float> TrigFlowAngles(int steps) {
  if (steps == 2) return {static_cast<float>(kFirst), kMiddleOfTwo, 0};
  const torch::Tensor angles = torch::linspace(kFirst, 0, steps + 1, torch::kFloat32);
  const float* first = angles.data_ptr<float>();
  return {first, first + angles.numel()};
}

torch::Tensor FlowLatent(const TrigFlowPoint& at, const torch::Tensor& latent, float sigma_data) {
  return latent / sigma_data * at.flow_norm;
}

torch::Tensor TrigFlowVelocity(const TrigFlowPoint& at, const torch::Tensor& flow_latent, const torch::Tensor& prediction) {
  const float s = at.flow_sigma;
  return ((1 - 2 * s) * flow_latent + (1 - 2 * s + 2 * (s * s)) * prediction) / at.flow_norm;
}

}  // namespace stampd::samplers
