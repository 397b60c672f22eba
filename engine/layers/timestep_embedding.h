#pragma once

#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"

namespace stampd::layers {

/// A number as a vector: 128 cosines and 128 sines of it at frequencies from 1 down to 1/10000 (arXiv 1706.03762, with the cosines
/// first), then linear_1, SiLU, linear_2. Immutable, thread-safe.
class TimestepEmbedding {
 public:
  TimestepEmbedding(const WeightScope& scope, std::int64_t width, torch::Device device);

  /// [1, width].
  torch::Tensor Forward(double value) const;

 private:
  torch::ScalarType dtype_;
  torch::Device device_;
  torch::Tensor frequencies_;  // [128], fp32, on the CPU
  std::unique_ptr<const TokenLinear> linear_1_;
  std::unique_ptr<const TokenLinear> linear_2_;
};

}  // namespace stampd::layers
