#pragma once

#include <cstdint>
#include <functional>

#include <torch/types.h>

namespace stampd::models {

/// A decoder's network: an unscaled latent [1, channels, height, width] to pixels [1, 3, height * factor, width * factor].
using DecoderNetwork = std::function<torch::Tensor(const torch::Tensor&)>;

/// How a latent too large to be decoded in one piece is cut: tiles of `tile` latents a side, one every `stride`, blended where they
/// overlap. The cut is that of diffusers' `tiled_decode`: tiles at the right and bottom edge are smaller.
struct Tiling {
  std::int64_t tile = 0;
  std::int64_t stride = 0;  // 1 … tile
  std::int64_t factor = 0;  // pixels per latent

  std::int64_t overlap() const { return tile - stride; }
};

/// Decodes `z` [1, channels, height, width] tile by tile with `decode` and blends; returns [1, 3, height * factor, width * factor].
/// Memory beside the result: what `decode` takes for one tile, and the edges of one row of tiles.
torch::Tensor DecodeTiled(const torch::Tensor& z, const Tiling& tiling, const DecoderNetwork& decode);

}  // namespace stampd::models
