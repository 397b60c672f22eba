#pragma once

#include <cstdint>

#include "engine/kernels/quantized_weights.h"

namespace stampd::kernels::cpu {

/// The whole numbers m q that enter the product, of output `o`; [weight.in].
void UnpackRow(const QuantizedWeights& weight, int o, std::int16_t* row);

}  // namespace stampd::kernels::cpu
