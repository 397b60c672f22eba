#include "engine/samplers/dynamic_threshold.h"

namespace stampd::samplers {

torch::Tensor DynamicThreshold(const torch::Tensor& x0, double ratio, double max_value) {
  const torch::Tensor x = x0.to(torch::kFloat32);
  const torch::Tensor bound = torch::quantile(x.abs().flatten(), ratio).clamp(1, max_value);
  return (torch::clamp(x, -bound, bound) / bound).to(x0.scalar_type());
}

}  // namespace stampd::samplers
