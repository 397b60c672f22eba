#include "engine/layers/timestep_embedding.h"

#include <cmath>

namespace stampd::layers {
namespace {

constexpr int kFrequencies = 128;
constexpr double kLongestPeriod = 10000;

// In the reference's own steps and types: a last bit of a frequency is multiplied by up to 1000 on its way into the cosine.
torch::Tensor Frequencies() {
  return at::exp(at::arange(kFrequencies, torch::kFloat32) * -std::log(kLongestPeriod) / kFrequencies);
}

}  // namespace

TimestepEmbedding::TimestepEmbedding(const WeightScope& scope, std::int64_t width, torch::Device device)
    : dtype_(scope.dtype()),
      device_(device),
      frequencies_(Frequencies()),
      linear_1_(LoadLinear(scope, {"linear_1"}, 2 * kFrequencies, width)),
      linear_2_(LoadLinear(scope, {"linear_2"}, width, width)) {}

torch::Tensor TimestepEmbedding::Forward(double value) const {
  const torch::Tensor angles = frequencies_ * static_cast<float>(value);
  const torch::Tensor waves = at::cat({at::cos(angles), at::sin(angles)}).unsqueeze(0).to(device_, dtype_);
  return linear_2_->Forward(at::silu(linear_1_->Forward(waves)));
}

}  // namespace stampd::layers
