#pragma once

#include <cstdint>
#include <functional>

#include <torch/types.h>

namespace stampd::models::autoencoder_kl {

/// How a latent too large to be decoded in one piece is cut: tiles of `tile` latents a side, one every `stride`, blended over
/// the last quarter of a tile. The cut is that of diffusers' `tiled_decode`: tiles at the right and bottom edge are smaller.
struct Tiling {
  std::int64_t tile = 0;
  std::int64_t factor = 0;  // pixels per latent

  /// Tiles as wide as the pictures that the network was trained on.
  static Tiling ForSampleSize(std::int64_t sample_size, std::int64_t factor);

  std::int64_t overlap() const { return tile / 4; }
  std::int64_t stride() const { return tile - overlap(); }
};

/// Decodes `z` [1, channels, height, width] tile by tile with `decode` and blends; returns [1, 3, height * factor, width * factor].
/// Memory beside the result: what `decode` takes for one tile, and the edges of one row of tiles.
torch::Tensor DecodeTiled(const torch::Tensor& z, const Tiling& tiling,
                          const std::function<torch::Tensor(const torch::Tensor&)>& decode);

}  // namespace stampd::models::autoencoder_kl
