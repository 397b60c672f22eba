#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/dtype.h"

namespace stampd::tools {

/// A tensor of normally distributed numbers.
struct RandomTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  double mean = 0;
  double stddev = 1;
};

/// The tensors of a network, layer by layer, spread so that numbers of unit size stay so on their way through it.
class TensorList {
 public:
  /// Matrix [out, in] with spread gain/sqrt(in).
  void Matrix(const std::string& name, std::int64_t out, std::int64_t in, double gain = 1);
  /// NAME.weight as above and NAME.bias.
  void Linear(const std::string& name, std::int64_t out, std::int64_t in, double gain = 1);
  /// Weight [out, in, side, side] with spread gain/sqrt(in side side).
  void Kernel(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side, double gain = 1);
  /// NAME.weight as above and NAME.bias.
  void Conv(const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side, double gain = 1);
  /// NAME.weight near 1.
  void Scale(const std::string& name, std::int64_t width);
  /// NAME.weight near 1 and NAME.bias near 0.
  void Norm(const std::string& name, std::int64_t width);
  void Tensor(std::string name, std::vector<std::int64_t> shape, double stddev);

  std::vector<RandomTensor> Take() && { return std::move(tensors_); }

 private:
  void Bias(const std::string& name, std::int64_t width);

  std::vector<RandomTensor> tensors_;
};

struct TextFile {
  std::string name;
  std::string content;
};

/// A component that is to be written: its files, and its weights if it has any.
struct ComponentPlan {
  std::string name;
  std::string library;
  std::string class_name;
  std::vector<TextFile> files;
  std::vector<RandomTensor> tensors;
  std::string stem;  // of the weight file
};

struct CheckpointPlan {
  std::string pipeline_class;
  std::vector<ComponentPlan> components;
};

/// What transformers' configurations call it: "float32", "bfloat16" or "float16".
const char* TorchName(io::DType dtype);

std::int64_t ParameterCount(const ComponentPlan& component);

}  // namespace stampd::tools
