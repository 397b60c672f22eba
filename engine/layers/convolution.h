#pragma once

#include <cstdint>

#include <torch/types.h>

#include "engine/layers/weights.h"

namespace stampd::layers {

struct ConvolutionOptions {
  std::int64_t groups = 1;
  bool bias = true;
};

/// A square convolution that keeps the picture's size: an odd `kernel`, zeros beyond the border.
///
/// Pictures are [1, channels, height, width], channels innermost in memory (at::MemoryFormat::ChannelsLast), which is what CPU and
/// GPU convolutions are fastest in.
class Convolution {
 public:
  /// Takes NAME.weight [out, in / groups, kernel, kernel] and, unless the options say otherwise, NAME.bias [out].
  Convolution(const WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t kernel,
              const ConvolutionOptions& options = {});
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  torch::Tensor weight_;
  torch::Tensor bias_;  // undefined without one
  std::int64_t padding_, groups_;
};

}  // namespace stampd::layers
