#include "engine/layers/feed_forward.h"

#include "engine/layers/image_linear.h"

namespace stampd::layers {

FeedForward::FeedForward(const WeightScope& scope, std::int64_t width, std::int64_t hidden_width)
    : up_(LoadImageLinear(scope / "net" / 0, {"proj"}, width, hidden_width)),
      down_(LoadImageLinear(scope / "net", {"2"}, hidden_width, width)) {}

void FeedForward::AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const {
  down_->AddTo(x, gate, up_->ForwardNormed(x, segments, norm, ops::Activation::kGeluTanh), segments);
}

}  // namespace stampd::layers
