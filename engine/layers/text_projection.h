#pragma once

#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"

namespace stampd::layers {

/// The text encoder's width to the network's: linear_1, GELU (tanh form), linear_2. Immutable, thread-safe.
class TextProjection {
 public:
  TextProjection(const WeightScope& scope, std::int64_t text_width, std::int64_t width);

  /// [text_tokens, text_width] to [text_tokens, width].
  torch::Tensor Forward(const torch::Tensor& text) const;

 private:
  std::unique_ptr<const TokenLinear> linear_1_;
  std::unique_ptr<const TokenLinear> linear_2_;
};

}  // namespace stampd::layers
