#pragma once

#include <cstdint>

#include <torch/types.h>

#include "engine/base/token_layout.h"

namespace stampd::models::dit {

/// Sines and cosines of each token's place, fp32 [tokens, width] in the layout's order; `width` divides by 4.
///
/// The first half of a row speaks of the column, the second of the line: width/4 sines, then width/4 cosines, at frequencies from
/// 1 down to 1/10000. Coordinates of any grid are stretched to 0 … base / scale, where `base` is the number of patches on a side
/// that the network was trained on.
torch::Tensor PositionTable(const TokenLayout& layout, std::int64_t width, int base, double scale);

}  // namespace stampd::models::dit
