#pragma once

#include <cstdint>
#include <vector>

#include "engine/io/config.h"

namespace stampd::models::autoencoder_dc {

enum class BlockType : std::uint8_t { kResBlock, kEfficientViT };
enum class Activation : std::uint8_t { kSilu, kRelu };

/// The blocks of one resolution.
struct StageConfig {
  std::int64_t channels = 0;
  std::int64_t layers = 0;
  BlockType type = BlockType::kResBlock;
  Activation activation = Activation::kSilu;  // of a ResBlock
  std::vector<std::int64_t> scales;           // of an EfficientViTBlock: the kernels that its attention gathers neighbours with
};

/// The decoding half of an AutoencoderDC, as its config.json states it. Keys that are missing have diffusers' constructor defaults.
struct AutoencoderDCConfig {
  std::int64_t latent_channels = 0;
  std::int64_t head_dim = 0;
  std::vector<StageConfig> stages;  // outermost (nearest to pixels) first, each but one halves the picture
  bool interpolate = false;         // upsamplers repeat pixels before their convolution; else they shuffle channels behind it
  bool in_shortcut = false;         // latents go around the first convolution, too
  Activation out_activation = Activation::kRelu;
  double scaling_factor = 0;

  std::int64_t factor() const { return std::int64_t{1} << (stages.size() - 1); }
  /// With an empty outermost stage the last convolution upsamples in its place, from the channels of the stage before.
  bool upsamples_last() const { return stages.front().layers == 0; }
};

/// Broken, with file, key, expected and found, if `config` is not of a network that this folder computes.
AutoencoderDCConfig ReadConfig(const io::Config& config);

}  // namespace stampd::models::autoencoder_dc
