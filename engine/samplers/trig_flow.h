#pragma once

#include <vector>

#include <torch/types.h>

namespace stampd::samplers {

/// A point of TrigFlow (arXiv:2410.11081), x = cos(t) * x0 + sin(t) * noise with data and noise of deviation sigma_data, and the
/// flow matching point of the same noise-to-data ratio, where a network that was trained on flow matching is asked
/// (arXiv:2503.09641). float32 as in the reference.
struct TrigFlowPoint {
  explicit TrigFlowPoint(float t);

  float cos;
  float sin;
  float flow_sigma;  // 0 to 1
  float flow_norm;   // of a flow matching latent's deviation, over the data's
};

/// The angles of a run in `steps` steps, from a little more than a right angle to 0: steps + 1 of them. Two steps have a middle
/// that was tuned; other numbers are equally spaced.
std::vector<float> TrigFlowAngles(int steps);

/// x / sigma_data as the network knows it, on the flow matching path.
torch::Tensor FlowLatent(const TrigFlowPoint& at, const torch::Tensor& latent, float sigma_data);
/// What the network says of `flow_latent`, noise - x0, as TrigFlow's velocity over sigma_data.
torch::Tensor TrigFlowVelocity(const TrigFlowPoint& at, const torch::Tensor& flow_latent, const torch::Tensor& prediction);

}  // namespace stampd::samplers
