#pragma once

#include <cstdint>
#include <optional>

#include "engine/io/config.h"

namespace stampd::models::sana {

/// Shape of a SANA transformer (SANA, arXiv 2410.10629; SANA-1.5, arXiv 2501.18427; SANA-Sprint, arXiv 2503.09641), as diffusers'
/// SanaTransformer2DModel configures it.
struct SanaConfig {
  int heads = 70;
  int head_dim = 32;
  int cross_heads = 20;
  int cross_head_dim = 112;
  int in_channels = 32;
  int out_channels = 32;  // in_channels, or twice that where a variance is predicted too
  int layers = 20;
  std::int64_t caption_channels = 2304;  // of the text embeddings
  double mlp_ratio = 2.5;
  bool attention_bias = false;  // of self-attention
  bool qk_norm = false;         // in both attentions
  int sample_size = 32;         // sides of the latents that it was trained on
  int patch_size = 1;
  double norm_eps = 1e-6;
  std::optional<double> interpolation_scale;  // of the position table; absent: the network is told no places
  bool guidance_embeds = false;               // Sprint: the guidance scale is embedded beside the timestep
  double guidance_embeds_scale = 0.1;
  double timestep_scale = 1;

  std::int64_t width() const { return std::int64_t{heads} * head_dim; }
  std::int64_t cross_width() const { return std::int64_t{cross_heads} * cross_head_dim; }
  std::int64_t hidden_width() const { return static_cast<std::int64_t>(mlp_ratio * static_cast<double>(width())); }
};

/// Keys that are missing take the reference's defaults. Broken, with file, key, value and what is supported.
SanaConfig ReadConfig(const io::Config& config);

}  // namespace stampd::models::sana
