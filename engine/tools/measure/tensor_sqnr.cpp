#include "engine/tools/measure/tensor_sqnr.h"

namespace stampd::tools {

quant::Sqnr MeasureTensors(const torch::Tensor& exact, const torch::Tensor& test) {
  const torch::Tensor x = exact.to(torch::kFloat32).contiguous(), y = test.to(torch::kFloat32).contiguous();
  const auto count = static_cast<std::size_t>(x.numel());
  return quant::MeasureSqnr({x.data_ptr<float>(), count}, {y.data_ptr<float>(), count});
}

}  // namespace stampd::tools
