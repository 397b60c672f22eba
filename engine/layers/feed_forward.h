#pragma once

#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"

namespace stampd::layers {

/// Linear, GELU (tanh form), linear, as diffusers' FeedForward stores it: net.0.proj and net.2. Immutable, thread-safe.
class FeedForward {
 public:
  FeedForward(const WeightScope& scope, std::int64_t width, std::int64_t hidden_width);

  /// x <- x + gate * (what this makes of x, normed), [total_tokens, width].
  void AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const;

 private:
  std::unique_ptr<const TokenLinear> up_;
  std::unique_ptr<const TokenLinear> down_;
};

}  // namespace stampd::layers
