#include "engine/tools/random/plan.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace stampd::tools {
namespace {

constexpr double kBias = 0.02;
constexpr double kNorm = 0.1;

}  // namespace

void TensorList::Matrix(const std::string& name, std::int64_t out, std::int64_t in, double gain) {
  Tensor(name, {out, in}, gain / std::sqrt(static_cast<double>(in)));
}

void TensorList::Linear(const std::string& name, std::int64_t out, std::int64_t in, double gain) {
  Matrix(name + ".weight", out, in, gain);
  Bias(name, out);
}

void TensorList::Kernel(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side, double gain) {
  Tensor(name, {out, in, side, side}, gain / std::sqrt(static_cast<double>(in * side * side)));
}

void TensorList::Conv(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side, double gain) {
  Kernel(name + ".weight", out, in, side, gain);
  Bias(name, out);
}

void TensorList::Scale(const std::string& name, std::int64_t width) { tensors_.push_back({name + ".weight", {width}, 1, kNorm}); }

void TensorList::Norm(const std::string& name, std::int64_t width) {
  Scale(name, width);
  Tensor(name + ".bias", {width}, kNorm);
}

void TensorList::Tensor(std::string name, std::vector<std::int64_t> shape, double stddev) {
  tensors_.push_back({std::move(name), std::move(shape), 0, stddev});
}

void TensorList::Bias(const std::string& name, std::int64_t width) { Tensor(name + ".bias", {width}, kBias); }

const char* TorchName(io::DType dtype) {
  if (dtype == io::DType::kBF16) return "bfloat16";
  return dtype == io::DType::kF16 ? "float16" : "float32";
}

std::int64_t ParameterCount(const ComponentPlan& component) {
  std::int64_t count = 0;
  for (const RandomTensor& tensor : component.tensors) {
    count += std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  return count;
}

}  // namespace stampd::tools
