#pragma once

#include <cstdint>
#include <optional>

#include "engine/io/config.h"

namespace stampd::models::pixart {

/// Shape of a PixArt transformer (PixArt-Sigma, arXiv 2403.04692; PixArt-alpha, arXiv 2310.00426), as diffusers'
/// PixArtTransformer2DModel configures it.
struct PixArtConfig {
  int heads = 16;
  int head_dim = 72;
  int in_channels = 4;
  int out_channels = 8;  // in_channels, or twice that where a variance is predicted too
  int layers = 28;
  std::int64_t cross_attention_dim = 1152;
  bool attention_bias = true;
  int sample_size = 128;  // sides of the latents that it was trained on
  int patch_size = 2;
  double norm_eps = 1e-6;
  double interpolation_scale = 1;                // of the position table
  bool size_conditions = false;                  // alpha: resolution and aspect ratio are embedded beside the timestep
  std::optional<std::int64_t> caption_channels;  // of the text embeddings; absent: no projection

  std::int64_t width() const { return std::int64_t{heads} * head_dim; }
  std::int64_t text_width() const { return caption_channels.value_or(cross_attention_dim); }
};

/// Keys that are missing take the reference's defaults. `has_size_embedders` tells whether the checkpoint holds their weights: a
/// config that leaves use_additional_conditions open means "if sample_size is 128" to the reference, which early checkpoints of
/// Sigma without such weights contradict. Broken, with file, key, value and what is supported.
PixArtConfig ReadConfig(const io::Config& config, bool has_size_embedders);

}  // namespace stampd::models::pixart
