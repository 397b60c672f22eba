#include "engine/layers/mix_feed_forward.h"

#include "engine/layers/image_linear.h"

namespace stampd::layers {
namespace {

// Rounded to the network's dtype, as the reference's are, and held in fp32, in which the convolution computes.
ops::DepthwiseFilters LoadFilters(const WeightScope& scope, std::int64_t channels) {
  const torch::Tensor weight = scope.Take("weight", {channels, 1, 3, 3}), bias = scope.Take("bias", {channels});
  const torch::Tensor taps = weight.reshape({channels, 9}).t();
  ops::DepthwiseFilters filters{at::empty(taps.sizes(), torch::kFloat32).copy_(taps), bias.to(torch::kFloat32)};
  scope.CountResident(static_cast<std::int64_t>(filters.taps.nbytes() + filters.bias.nbytes()) -
                      static_cast<std::int64_t>(weight.nbytes() + bias.nbytes()));
  scope.Release("weight");
  return filters;
}

}  // namespace

MixFeedForward::MixFeedForward(const WeightScope& scope, std::int64_t width, std::int64_t hidden_width)
    : inverted_(LoadImageLinear(scope, {"conv_inverted"}, width, 2 * hidden_width)),
      depth_(LoadFilters(scope / "conv_depth", 2 * hidden_width)),
      point_(LoadImageLinear(scope, {"conv_point"}, hidden_width, width, /*bias=*/false)) {}

void MixFeedForward::AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const {
  const torch::Tensor hidden = inverted_->ForwardNormed(x, segments, norm, ops::Activation::kSilu);
  point_->AddTo(x, gate, ops::GatedDepthwise(hidden, segments, depth_), segments);
}

}  // namespace stampd::layers
