#include "engine/layers/stamp_linear.h"

#include "engine/ops/token_rows.h"

namespace stampd::layers {

using ops::Activation;

StampLinear::StampLinear(const quant::LinearRecipe& recipe, ops::QuantizedWeight weight, const torch::Tensor& bias,
                         const torch::Tensor& smooth_scales)
    : rounding_(recipe, smooth_scales), weight_(std::move(weight)) {
  const std::int64_t groups = recipe.activation_group == 0 ? 1 : weight_.in() / recipe.activation_group;
  sums_ = ops::SumWeight(weight_, static_cast<int>(groups));
  if (bias.defined()) bias_ = bias.to(torch::kFloat32);
}

std::int64_t StampLinear::resident_bytes() const {
  const std::int64_t bytes = weight_.resident_bytes() + static_cast<std::int64_t>(sums_.nbytes()) + rounding_.resident_bytes();
  return bytes + (bias_.defined() ? static_cast<std::int64_t>(bias_.nbytes()) : 0);
}

torch::Tensor StampLinear::Forward(const torch::Tensor& x, ops::Segments segments, Activation activation) const {
  if (!ops::HasKernels(x.scalar_type())) return Forward(x.to(torch::kFloat32), segments, activation).to(x.scalar_type());
  const ops::QuantizedTokens tokens = rounding_.Round(x, segments, nullptr);
  return ops::Multiply(Product(tokens, activation), segments, x.scalar_type());
}

torch::Tensor StampLinear::ForwardNormed(const torch::Tensor& x, ops::Segments segments, const ops::Norm& norm,
                                         Activation activation) const {
  if (!ops::HasKernels(x.scalar_type())) return TokenLinear::ForwardNormed(x, segments, norm, activation);
  const ops::QuantizedTokens tokens = rounding_.Round(x, segments, &norm);
  return ops::Multiply(Product(tokens, activation), segments, x.scalar_type());
}

void StampLinear::AddTo(torch::Tensor& x, const torch::Tensor& gate, const torch::Tensor& y, ops::Segments segments) const {
  if (!ops::HasKernels(x.scalar_type())) return TokenLinear::AddTo(x, gate, y, segments);
  const ops::QuantizedTokens tokens = rounding_.Round(y, segments, nullptr);
  ops::MultiplyAdd(Product(tokens, Activation::kNone), segments, gate, x);
}

}  // namespace stampd::layers
