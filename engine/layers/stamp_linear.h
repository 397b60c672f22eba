#pragma once

#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/token_rounding.h"
#include "engine/ops/quantized_weight.h"
#include "engine/ops/stamp_product.h"
#include "engine/quant/linear_recipe.h"

namespace stampd::layers {

/// A STaMP linear (arXiv 2510.26771): Y = L⁻¹( Q(L X R) Q(R⁻¹ W)ᵀ ) + b, the product in whole numbers.
///
/// L mixes tokens of one tile, R channels of one token; both are orthonormal and undone exactly but for rounding. Scales belong to
/// a token, sums are exact: all tokens of a pack are multiplied at once, and a segment's rows are byte-identical whatever it is
/// packed with. All arithmetic is in fp32 or whole numbers; the result is rounded to the dtype of `x` once, after the activation.
class StampLinear final : public TokenLinear {
 public:
  /// `weight` was rounded as `recipe`, which has no control, says; `bias` [out] or undefined; `smooth_scales` float32 [in] or
  /// undefined.
  StampLinear(const quant::LinearRecipe& recipe, ops::QuantizedWeight weight, const torch::Tensor& bias,
              const torch::Tensor& smooth_scales);

  std::int64_t in() const override { return weight_.in(); }
  std::int64_t out() const override { return weight_.out(); }
  std::int64_t resident_bytes() const;

  /// Every segment must have a layout, unless the recipe needs no grid. Norm, transforms and rounding are done tile by tile in one
  /// pass, and so is all that follows the product.
  torch::Tensor Forward(const torch::Tensor& x, ops::Segments segments, ops::Activation activation) const override;
  torch::Tensor ForwardNormed(const torch::Tensor& x, ops::Segments segments, const ops::Norm& norm,
                              ops::Activation activation) const override;
  void AddTo(torch::Tensor& x, const torch::Tensor& gate, const torch::Tensor& y, ops::Segments segments) const override;

 private:
  ops::StampProduct Product(const ops::QuantizedTokens& tokens, ops::Activation activation) const {
    return {tokens, weight_, sums_, rounding_.tiles(), bias_, activation};
  }

  TokenRounding rounding_;
  ops::QuantizedWeight weight_;
  torch::Tensor sums_;  // of weight_, for each group of channels
  torch::Tensor bias_;  // float32
};

/// What a recipe without whole numbers on one side means (weights alone, activations alone), or one with a control: the
/// activations' rounding, undone before a linear in full precision. For measurements.
class RoundedInputLinear final : public TokenLinear {
 public:
  RoundedInputLinear(const quant::LinearRecipe& recipe, std::unique_ptr<const TokenLinear> linear,
                     const torch::Tensor& smooth_scales)
      : rounding_(recipe, smooth_scales), linear_(std::move(linear)) {}

  std::int64_t in() const override { return linear_->in(); }
  std::int64_t out() const override { return linear_->out(); }
  torch::Tensor Forward(const torch::Tensor& x, ops::Segments segments, ops::Activation activation) const override {
    return linear_->Forward(rounding_.RoundTrip(x, segments).to(x.scalar_type()), segments, activation);
  }

 private:
  TokenRounding rounding_;
  std::unique_ptr<const TokenLinear> linear_;
};

}  // namespace stampd::layers
