#include "engine/layers/feed_forward.h"

namespace stampd::layers {

FeedForward::FeedForward(const WeightScope& scope, std::int64_t width, std::int64_t hidden_width)
    : up_(LoadLinear(scope / "net" / 0, {"proj"}, width, hidden_width)),
      down_(LoadLinear(scope / "net", {"2"}, hidden_width, width)) {}

torch::Tensor FeedForward::Forward(const torch::Tensor& x, ops::Segments segments) const {
  return down_->Forward(up_->Forward(x, segments, ops::Activation::kGeluTanh), segments);
}

}  // namespace stampd::layers
