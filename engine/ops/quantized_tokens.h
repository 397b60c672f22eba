#pragma once

#include <cstdint>

#include <torch/types.h>

#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantized_tokens.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/ops/segment.h"

/// Packed tokens as whole numbers, and the transforms around that, each spread over threads; a token's result depends on its own
/// tile alone. Tensors are dense float32 on the CPU unless something else is said. stamp_product.h does it all at once.

namespace stampd::ops {

/// X <- X diag(f) H, in place.
void TransformFeatures(torch::Tensor& x, const kernels::FeatureTransform& transform);

/// X <- L X and X <- L⁻¹ X for the tiles of each segment's layout, in place. A segment without one stays as it is.
void ForwardAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform);
void InverseAlongTokens(torch::Tensor& x, Segments segments, const kernels::TileTransform& transform);

/// Tokens as whole numbers, in tensors of its own; kernels/quantized_tokens.h says what they hold.
struct QuantizedTokens {
  torch::Tensor codes;   // uint8 [rows, width]
  torch::Tensor scales;  // float32 [rows, groups]
  torch::Tensor zeros;   // uint8 [rows, groups]

  kernels::QuantizedTokens view() const;
};

/// To be filled.
QuantizedTokens EmptyTokens(std::int64_t rows, std::int64_t width, int groups);

/// The numbers that they stand for.
torch::Tensor Dequantize(const QuantizedTokens& x);

}  // namespace stampd::ops
