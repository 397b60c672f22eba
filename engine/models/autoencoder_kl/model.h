#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <torch/types.h>

#include "engine/models/networks.h"

namespace stampd::models {

struct AutoencoderKLOptions {
  /// The most latents that are decoded in one piece, in tiles beyond: 1024 x 1024 pixels at a factor of 8, or as many of another
  /// shape.
  std::int64_t untiled_area = 128 * 128;
};

/// The decoder of diffusers' AutoencoderKL (https://arxiv.org/abs/2112.10752) from its folder: config.json and
/// diffusion_pytorch_model.safetensors. The encoder's weights are left alone. Tiles are as large as the pictures that the network
/// was trained on, and overlap by a quarter, as diffusers has them.
///
/// `dtype` fp32, bf16 or fp16; a network that is marked as leaving fp16's range (`force_upcast`) runs in fp32 instead of fp16.
/// Broken, with file, tensor or key, expected and found, if the folder does not hold such a network.
std::unique_ptr<Autoencoder> LoadAutoencoderKL(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const AutoencoderKLOptions& options = {});

}  // namespace stampd::models
