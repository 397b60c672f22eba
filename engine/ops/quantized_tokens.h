#pragma once

#include <cstdint>
#include <span>

#include <torch/types.h>

#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/ops/quantized_weight.h"
#include "engine/ops/segment.h"

/// The steps of a STaMP linear on packed tokens, each spread over threads; a token's result depends on its own tile alone. Tensors
/// are dense float32 on the CPU unless something else is said.

namespace stampd::ops {

/// X <- X diag(f) H, in place.
void TransformFeatures(torch::Tensor& x, const kernels::FeatureTransform& transform);

/// X <- L X and X <- L⁻¹ X for the tiles of each segment's layout, in place. Every segment must have a layout.
void ForwardAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform);
void InverseAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform);

/// Tokens as whole numbers, in tensors of its own; kernels/quantized_tokens.h says what they hold.
struct QuantizedTokens {
  torch::Tensor codes;   // uint8 [rows, width]
  torch::Tensor scales;  // float32 [rows, groups]
  torch::Tensor zeros;   // uint8 [rows, groups]

  kernels::QuantizedTokens view() const;
};

/// `bits` of each row; `groups` divides the width.
QuantizedTokens QuantizeTokens(const torch::Tensor& x, std::span<const std::uint8_t> bits, int groups,
                               const kernels::TokenRounding& rounding);

/// The numbers that they stand for.
torch::Tensor Dequantize(const QuantizedTokens& x);

/// X Wᵀ, exact sums of whole numbers (kernels/w4a4_gemm.h). `sums` is SumWeight(weight, groups). Returns [rows, out].
torch::Tensor Multiply(const QuantizedTokens& x, const QuantizedWeight& weight, const torch::Tensor& sums);

}  // namespace stampd::ops
