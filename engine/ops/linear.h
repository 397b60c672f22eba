#pragma once

#include <cstdint>

#include <torch/types.h>

namespace stampd::ops {

enum class Activation { kNone, kGeluTanh, kSilu };

/// y = activation(x Wᵀ + b) in full precision, with W stored in the order that the machine's matrix kernels read fastest.
///
/// Results are rounded to the weight's dtype once, after the activation. Where the machine has no matrix kernel for a half type
/// the product is computed, and the weight held, in fp32. How a row of `x` is rounded may depend on the number of rows: for
/// results that do not depend on neighbours, call it once per segment.
class PackedLinear {
 public:
  /// `weight` [out, in]; `bias` [out] or undefined.
  PackedLinear(const torch::Tensor& weight, const torch::Tensor& bias);

  /// `x` [rows, in] in the weight's dtype. Returns [rows, out].
  torch::Tensor operator()(const torch::Tensor& x, Activation activation = Activation::kNone) const;

  std::int64_t in() const { return in_; }
  std::int64_t out() const { return out_; }
  std::int64_t resident_bytes() const;

 private:
  std::int64_t in_;
  std::int64_t out_;
  torch::ScalarType dtype_;          // of x and y
  torch::ScalarType compute_dtype_;  // of weight_ and bias_
  bool packed_;                      // weight_ is in the kernels' own order, else as given
  torch::Tensor weight_;
  torch::Tensor bias_;
};

}  // namespace stampd::ops
