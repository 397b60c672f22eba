#include "engine/ops/linear.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace stampd::ops {
namespace {

// oneDNN through the operators that LibTorch's own compiler uses: weights are reordered once instead of in each call, and the
// activation runs on the accumulator. Measured on Zen 4, two threads, 1024 x 1152 x 4608: bf16 +10 %, fp32 +35 % over at::linear.
torch::Tensor Reorder(const torch::Tensor& weight) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                             .typed<at::Tensor(const at::Tensor&, std::optional<std::int64_t>)>();
  return op.call(weight, std::nullopt);
}

std::string_view LibraryName(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return "none";
    case Activation::kGeluTanh:
      return "gelu";
    case Activation::kSilu:
      return "swish";
  }
  return "none";
}

torch::Tensor Activated(const torch::Tensor& y, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return y;
    case Activation::kGeluTanh:
      return at::gelu(y, "tanh");
    case Activation::kSilu:
      return at::silu(y);
  }
  return y;
}

torch::Tensor RunReordered(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, Activation activation) {
  using Scalars = c10::List<std::optional<at::Scalar>>;
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                             .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                                               std::string_view, Scalars, std::optional<std::string_view>)>();
  return op.call(x, weight, bias.defined() ? std::optional(bias) : std::nullopt, LibraryName(activation), Scalars(),
                 activation == Activation::kGeluTanh ? "tanh" : "");
}

// Which types oneDNN has kernels for depends on the processor, and it says so by throwing.
bool MachineRuns(torch::ScalarType dtype) {
  try {
    const torch::Tensor probe = at::ones({16, 16}, dtype);
    RunReordered(probe, Reorder(probe), {}, Activation::kNone);
    return true;
  } catch (const c10::Error&) {
    return false;
  }
}

bool CanReorder(torch::ScalarType dtype) {
  static const bool fp32 = MachineRuns(torch::kFloat32);
  static const bool bf16 = MachineRuns(torch::kBFloat16);
  static const bool fp16 = MachineRuns(torch::kFloat16);
  return (dtype == torch::kFloat32 && fp32) || (dtype == torch::kBFloat16 && bf16) || (dtype == torch::kFloat16 && fp16);
}

}  // namespace

PackedLinear::PackedLinear(const torch::Tensor& weight, const torch::Tensor& bias)
    : in_(weight.size(1)), out_(weight.size(0)), dtype_(weight.scalar_type()) {
  const bool on_cpu = weight.device().is_cpu();
  compute_dtype_ = on_cpu && !CanReorder(dtype_) ? torch::kFloat32 : dtype_;
  packed_ = on_cpu && CanReorder(compute_dtype_);
  weight_ = weight.to(compute_dtype_).contiguous();
  if (packed_) weight_ = Reorder(weight_);
  if (bias.defined()) bias_ = bias.to(compute_dtype_).contiguous();
}

torch::Tensor PackedLinear::operator()(const torch::Tensor& x, Activation activation) const {
  const torch::Tensor input = x.to(compute_dtype_);
  if (packed_) return RunReordered(input, weight_, bias_, activation).to(dtype_);
  return Activated(at::linear(input, weight_, bias_), activation).to(dtype_);
}

std::int64_t PackedLinear::resident_bytes() const {
  const auto element = static_cast<std::int64_t>(c10::elementSize(compute_dtype_));
  return element * (in_ * out_ + (bias_.defined() ? out_ : 0));
}

}  // namespace stampd::ops
