#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantized_weights.h"
#include "engine/kernels/round_weights.h"

namespace stampd::ops {

/// A weight [out, in] as whole numbers, in tensors of its own; kernels/quantized_weights.h says what they hold. CPU.
struct QuantizedWeight {
  torch::Tensor codes;        // uint8 [out, in] or, with 4 bits, [out, in/2]
  torch::Tensor multipliers;  // uint8 [out, in/64], or undefined
  torch::Tensor scales;       // float32 [out]
  int bits = 4;

  std::int64_t out() const { return codes.size(0); }
  std::int64_t in() const { return codes.size(1) * 8 / bits; }
  std::int64_t resident_bytes() const;
  kernels::QuantizedWeights view() const;
};

/// Q(R⁻¹ W): `weight` [out, in] of any floating-point type through `transform`, the weights' side of the feature transform, and
/// rounded output by output. A row's result depends on nothing but that row.
QuantizedWeight RoundWeight(const torch::Tensor& weight, const kernels::FeatureTransform& transform, int bits, bool grouped,
                            kernels::WeightRounding rounding);

/// The numbers that it stands for, still transformed: float32 [out, in].
torch::Tensor Dequantize(const QuantizedWeight& weight);

/// For the product with tokens in `groups` groups (kernels::cpu::SumWeights): int32 [out, groups].
torch::Tensor SumWeight(const QuantizedWeight& weight, int groups);

/// Outputs side by side; all of the same form.
QuantizedWeight Join(const std::vector<QuantizedWeight>& weights);

}  // namespace stampd::ops
