#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/ops/linear.h"
#include "engine/ops/quantized_weight.h"
#include "engine/ops/segment.h"
#include "engine/quant/recipe.h"

namespace stampd::layers {

class TokenLinear;

/// One forward of a linear: what it was given, and what it answered.
struct LinearCall {
  torch::Tensor x;  // [total_tokens, in]
  ops::Segments segments;
  ops::Activation activation;
  torch::Tensor y;  // [total_tokens, out]
};

/// Sees the linears of a network that a recipe is about (image_linear.h): as they are loaded, and what each computes. For
/// measurements; a network that is loaded without one pays nothing. Forwards may run on several threads at once.
class LinearObserver {
 public:
  virtual ~LinearObserver() = default;
  /// `name` is that of the first of the linears that are computed at once ("transformer_blocks.0.attn1.to_q" for q, k and v).
  virtual void Loaded(const std::string& name, const TokenLinear& linear) = 0;
  virtual void Computed(const std::string& name, const LinearCall& call) = 0;
};

/// Gets each quantized weight as it is made, under its own name (q, k and v apart). The network keeps none of them, so that large
/// ones can be rounded in little memory, and can't be run.
class QuantizedWeightSink {
 public:
  virtual ~QuantizedWeightSink() = default;
  virtual void Write(const std::string& name, const ops::QuantizedWeight& weight, const torch::Tensor& smooth_scales) = 0;
};

/// Largest magnitudes of the input channels of each linear, by its observer's name: what smoothing is calibrated on.
using ActivationMaxima = std::map<std::string, std::vector<float>, std::less<>>;

/// How a network's linears over image tokens, or a text encoder's, are loaded, where that is not just in full precision.
struct Quantization {
  const quant::Recipe* recipe = nullptr;  // null: full precision
  const ActivationMaxima* maxima = nullptr;
  QuantizedWeightSink* sink = nullptr;
  LinearObserver* observer = nullptr;
};

}  // namespace stampd::layers
