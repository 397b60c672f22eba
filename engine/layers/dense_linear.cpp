#include "engine/layers/token_linear.h"

namespace stampd::layers {
namespace {

using ops::Activation;

// In full precision. Libraries round differently as the number of rows changes, so each segment is a product of its own.
class DenseLinear final : public TokenLinear {
 public:
  DenseLinear(const torch::Tensor& weight, const torch::Tensor& bias) : linear_(weight, bias) {}

  std::int64_t in() const override { return linear_.in(); }
  std::int64_t out() const override { return linear_.out(); }

  torch::Tensor Forward(const torch::Tensor& x, ops::Segments segments, Activation activation) const override {
    std::vector<torch::Tensor> parts;
    for (const ops::Segment& segment : segments) parts.push_back(linear_(ops::RowsOf(x, segment), activation));
    return ops::Pack(parts);
  }

  std::int64_t resident_bytes() const { return linear_.resident_bytes(); }

 private:
  ops::PackedLinear linear_;
};

std::unique_ptr<const TokenLinear> Build(const WeightScope& scope, const torch::Tensor& weight, const torch::Tensor& bias,
                                         std::size_t taken_bytes) {
  auto linear = std::make_unique<const DenseLinear>(weight, bias);
  scope.CountResident(linear->resident_bytes() - static_cast<std::int64_t>(taken_bytes));
  return linear;
}

}  // namespace

std::unique_ptr<const TokenLinear> LoadLinear(const WeightScope& scope, const std::vector<std::string_view>& names, std::int64_t in,
                                              std::int64_t out, bool bias) {
  std::vector<torch::Tensor> weights, biases;
  std::size_t taken_bytes = 0;
  for (const std::string_view name : names) {
    taken_bytes += weights.emplace_back((scope / name).TakeMatrix("weight", out, in)).nbytes();
    if (bias) taken_bytes += biases.emplace_back((scope / name).Take("bias", {out})).nbytes();
  }
  auto linear = Build(scope, ops::Pack(weights), bias ? ops::Pack(biases) : torch::Tensor(), taken_bytes);
  for (const std::string_view name : names) (scope / name).Release("weight");
  return linear;
}

std::unique_ptr<const TokenLinear> MakeDenseLinear(const WeightScope& scope, const torch::Tensor& weight,
                                                   const torch::Tensor& bias) {
  return Build(scope, weight, bias, 0);
}

std::unique_ptr<const TokenLinear> LoadPatchLinear(const WeightScope& scope, std::int64_t channels, std::int64_t patch,
                                                   std::int64_t out) {
  const torch::Tensor weight = scope.Take("weight", {out, channels, patch, patch});
  const torch::Tensor bias = scope.Take("bias", {out});
  return Build(scope, weight.flatten(1), bias, weight.nbytes() + bias.nbytes());
}

}  // namespace stampd::layers
