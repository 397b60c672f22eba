#include "engine/layers/stamp_linear.h"

#include <ATen/Parallel.h>

namespace stampd::layers {
namespace {

constexpr std::int64_t kRowsPerTask = 16;

// LibTorch rounds what lies behind the last whole vector of a thread's part differently: row by row those ends are always the same.
void ActivateRows(torch::Tensor& y) {
  at::parallel_for(0, y.size(0), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    const c10::InferenceMode no_gradients;  // which belongs to a thread
    for (std::int64_t row = begin; row < end; ++row) {
      torch::Tensor channels = y.select(0, row);
      at::gelu_(channels, "tanh");
    }
  });
}

}  // namespace

StampLinear::StampLinear(const quant::LinearRecipe& recipe, ops::QuantizedWeight weight, const torch::Tensor& bias,
                         const torch::Tensor& smooth_scales)
    : rounding_(recipe, smooth_scales), weight_(std::move(weight)) {
  const std::int64_t groups = recipe.activation_group == 0 ? 1 : weight_.in() / recipe.activation_group;
  sums_ = ops::SumWeight(weight_, static_cast<int>(groups));
  if (bias.defined()) bias_ = bias.to(torch::kFloat32);
  if (recipe.control == quant::TokenControl::kMean) mean_weight_ = ops::Dequantize(weight_);
}

std::int64_t StampLinear::resident_bytes() const {
  std::int64_t bytes = weight_.resident_bytes() + static_cast<std::int64_t>(sums_.nbytes()) + rounding_.resident_bytes();
  for (const torch::Tensor& tensor : {bias_, mean_weight_}) {
    if (tensor.defined()) bytes += static_cast<std::int64_t>(tensor.nbytes());
  }
  return bytes;
}

torch::Tensor StampLinear::Forward(const torch::Tensor& x, ops::Segments segments, ops::Activation activation) const {
  const RoundedTokens rounded = rounding_.Round(x, segments);
  torch::Tensor y = rounding_.Restore(ops::Multiply(rounded.tokens, weight_, sums_), rounded, segments);
  if (rounded.means.defined()) {
    for (std::size_t s = 0; s < segments.size(); ++s) {
      ops::RowsOf(y, segments[s]).add_(at::mv(mean_weight_, rounded.means[static_cast<std::int64_t>(s)]));
    }
  }
  if (bias_.defined()) y.add_(bias_);
  if (activation == ops::Activation::kGeluTanh) ActivateRows(y);
  return y.to(x.scalar_type());
}

}  // namespace stampd::layers
