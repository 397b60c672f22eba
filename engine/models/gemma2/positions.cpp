#include "engine/models/gemma2/positions.h"

#include <ATen/ATen.h>

namespace stampd::models::gemma2 {

RotaryTable::RotaryTable(std::int64_t length, std::int64_t head_width, double base, const torch::TensorOptions& options) {
  const torch::TensorOptions wide = options.dtype(torch::kFloat32);
  const torch::Tensor exponents = at::arange(0, head_width, 2, wide).div_(static_cast<double>(head_width));
  const torch::Tensor frequencies = at::pow(base, exponents).reciprocal_();
  const torch::Tensor angles = at::arange(length, wide).unsqueeze(1) * frequencies;
  cos_ = angles.cos().to(options.dtype());
  sin_ = angles.sin().to(options.dtype());
}

torch::Tensor RotaryTable::Turn(const torch::Tensor& x) const {
  const std::vector<torch::Tensor> halves = x.chunk(2, -1);
  return at::cat({halves[0] * cos_ - halves[1] * sin_, halves[1] * cos_ + halves[0] * sin_}, -1);
}

torch::Tensor HiddenKeys(std::int64_t length, std::int64_t window, torch::Device device) {
  const torch::Tensor positions = at::arange(length, torch::TensorOptions(device));
  const torch::Tensor distance = positions.unsqueeze(1) - positions;
  return distance.lt(0).logical_or_(distance.ge(window));
}

}  // namespace stampd::models::gemma2
