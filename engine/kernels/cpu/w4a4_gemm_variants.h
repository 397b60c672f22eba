#pragma once

#include <cstdint>

#include "engine/kernels/cpu/w4a4_gemm_tile.h"
#include "engine/kernels/w4a4_gemm.h"

namespace stampd::kernels::cpu {

/// Y = X Wᵀ on processors that have none of the tiles' instructions.
void MultiplySse2(const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums, TokenView<float> y);

/// What UnpackedWeights does, by a tile that this processor runs.
int FittingOuts(const GemmTile& tile, int in, int groups);
std::byte* UnpackPanels(const GemmTile& tile, const QuantizedWeights& weight, const std::int32_t* sums, int groups);
void MultiplyPanels(const GemmTile& tile, std::byte* panels, const QuantizedTokens& x, TokenView<float> y,
                    GemmDestination destination);

}  // namespace stampd::kernels::cpu
