#pragma once

#include <torch/types.h>

#include "engine/base/token_layout.h"

namespace stampd::ops {

/// A latent [channels, grid.height * patch, grid.width * patch] cut into squares, one a token, in the layout's order:
/// [tokens, channels * patch * patch], channel outermost, as a convolution's weight has them.
torch::Tensor Patchify(const torch::Tensor& latent, const TokenLayout& layout, int patch);

/// Tokens [tokens, patch * patch * channels] in the layout's order, channel innermost, put together to
/// [channels, grid.height * patch, grid.width * patch].
torch::Tensor Unpatchify(const torch::Tensor& tokens, const TokenLayout& layout, int patch);

/// The layout's raster_of as an index tensor.
torch::Tensor RasterIndex(const TokenLayout& layout, torch::Device device);

}  // namespace stampd::ops
