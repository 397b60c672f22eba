#include "engine/layers/token_linear.h"

namespace stampd::layers {

torch::Tensor TokenLinear::Forward(const torch::Tensor& x, ops::Activation activation) const {
  const ops::Segment whole = ops::WholeOf(x);
  return Forward(x, {&whole, 1}, activation);
}

torch::Tensor TokenLinear::ForwardNormed(const torch::Tensor& x, ops::Segments segments, const ops::Norm& norm,
                                         ops::Activation activation) const {
  return Forward(ops::LayerNormModulate(x, segments, norm), segments, activation);
}

void TokenLinear::AddTo(torch::Tensor& x, const torch::Tensor& gate, const torch::Tensor& y, ops::Segments segments) const {
  ops::GatedAdd(x, segments, gate, Forward(y, segments));
}

}  // namespace stampd::layers
