#include "engine/layers/text_projection.h"

namespace stampd::layers {

TextProjection::TextProjection(const WeightScope& scope, std::int64_t text_width, std::int64_t width)
    : linear_1_(LoadLinear(scope, {"linear_1"}, text_width, width)), linear_2_(LoadLinear(scope, {"linear_2"}, width, width)) {}

torch::Tensor TextProjection::Forward(const torch::Tensor& text) const {
  return linear_2_->Forward(linear_1_->Forward(text, ops::Activation::kGeluTanh));
}

}  // namespace stampd::layers
