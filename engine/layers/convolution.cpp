#include "engine/layers/convolution.h"

#include <ATen/ATen.h>

namespace stampd::layers {

Convolution::Convolution(const WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t kernel,
                         const ConvolutionOptions& options)
    : weight_(scope.Take("weight", {out, in / options.groups, kernel, kernel}, scope.dtype(), at::MemoryFormat::ChannelsLast)),
      bias_(options.bias ? scope.Take("bias", {out}) : torch::Tensor()),
      padding_(kernel / 2),
      groups_(options.groups) {}

torch::Tensor Convolution::Forward(const torch::Tensor& x) const {
  return at::conv2d(x, weight_, bias_, /*stride=*/1, padding_, /*dilation=*/1, groups_);
}

}  // namespace stampd::layers
