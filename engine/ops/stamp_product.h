#pragma once

#include <cstdint>
#include <span>

#include <torch/types.h>

#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/ops/linear.h"
#include "engine/ops/modulation.h"
#include "engine/ops/quantized_tokens.h"
#include "engine/ops/quantized_weight.h"
#include "engine/ops/segment.h"

/// The two halves of a STaMP linear (arXiv 2510.26771), Y = L⁻¹( Q(L X R) Q(R⁻¹ W)ᵀ ) + b, on packed tokens of a dtype that has
/// kernels (token_rows.h), on the CPU. All steps of a half are done to one block of whole tiles at a time, which stays in a core's
/// cache; each is the kernel of its name, so that the bytes are those of the steps one after the other. A segment without a layout
/// has no tiles to transform along.

namespace stampd::ops {

/// What is done to tokens before a product.
struct TokenSteps {
  kernels::FeatureTransform features;
  kernels::TileTransform tiles;
  kernels::TokenRounding rounding;
  int groups = 1;  // of channels with a scale of their own; divides the width
};

/// Q(L X R), where X is `x` or, with `norm`, LayerNormModulate of it. `bits` of each row.
QuantizedTokens RoundTokens(const torch::Tensor& x, Segments segments, const Norm* norm, std::span<const std::uint8_t> bits,
                            const TokenSteps& steps);

/// A product of rounded tokens, and what is done to it: L⁻¹, + bias, the activation, all in fp32.
struct StampProduct {
  const QuantizedTokens& tokens;
  const QuantizedWeight& weight;
  torch::Tensor sums;  // SumWeight(weight, groups of the tokens)
  kernels::TileTransform tiles;
  torch::Tensor bias;  // float32 [out], or undefined
  Activation activation = Activation::kNone;
};

/// Rounded to `dtype` once: [rows, out].
torch::Tensor Multiply(const StampProduct& product, Segments segments, torch::ScalarType dtype);

/// GatedAdd(x, gate, Multiply(…)) in place.
void MultiplyAdd(const StampProduct& product, Segments segments, const torch::Tensor& gate, torch::Tensor& x);

}  // namespace stampd::ops
