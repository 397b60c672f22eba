#pragma once

#include <cstdint>

#include "engine/kernels/cpu/w4a4_gemm_tile.h"
#include "engine/kernels/w4a4_gemm.h"

namespace stampd::kernels::cpu {

/// Multiply on processors that have none of the tiles' instructions.
void MultiplySse2(const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums, GemmBlock block,
                  TokenView<float> y);

/// Multiply by a tile that this processor runs.
void MultiplyPanels(const GemmTile& tile, const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums,
                    GemmBlock block, TokenView<float> y);

}  // namespace stampd::kernels::cpu
