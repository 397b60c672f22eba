#pragma once

#include <cstdint>
#include <vector>

#include "engine/io/config.h"
#include "engine/models/tiled_decoding.h"

namespace stampd::models::autoencoder_kl {

/// The decoding half of an AutoencoderKL, as its config.json states it. Keys that are missing have diffusers' constructor defaults.
struct AutoencoderKLConfig {
  std::int64_t latent_channels = 0;
  std::vector<std::int64_t> block_channels;  // outermost (nearest to pixels) first; each but one halves the picture
  std::int64_t layers_per_block = 0;         // of the encoder; the decoder has one more
  std::int64_t norm_groups = 0;
  std::int64_t sample_size = 0;  // pixels on a side that it was trained on, which is also a tile's side
  double scaling_factor = 0;
  double shift_factor = 0;  // added to latents after dividing by scaling_factor
  bool use_post_quant_conv = false;
  bool mid_block_attention = false;
  bool force_upcast = false;  // its activations leave fp16's range

  std::int64_t factor() const { return std::int64_t{1} << (block_channels.size() - 1); }
  /// Tiles as large as the pictures that the network was trained on, overlapping by a quarter.
  Tiling tiling() const;
};

/// Broken, with file, key, expected and found, if `config` is not of a network that this folder computes.
AutoencoderKLConfig ReadConfig(const io::Config& config);

}  // namespace stampd::models::autoencoder_kl
