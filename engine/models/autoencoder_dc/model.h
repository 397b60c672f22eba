#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <torch/types.h>

#include "engine/models/networks.h"

namespace stampd::models {

/// Tiles are those of diffusers' `enable_tiling`.
struct AutoencoderDCOptions {
  /// The most latents that are decoded in one piece, in tiles beyond: 2048 x 2048 pixels at a factor of 32, or as many of another
  /// shape. A picture in tiles is another one, because each tile attends to itself alone, so tiles are for where memory asks for
  /// them: SANA's decoder takes 0.9 KB a pixel in bf16, 3.7 GB for the largest picture in one piece.
  std::int64_t untiled_area = 64 * 64;
  std::int64_t tile_pixels = 512;    // a tile's side
  std::int64_t stride_pixels = 448;  // from one tile to the next
};

/// The decoder of diffusers' AutoencoderDC (DC-AE, https://arxiv.org/abs/2410.10733) from its folder: config.json and
/// diffusion_pytorch_model.safetensors. The encoder's weights are left alone.
///
/// `dtype` fp32, bf16 or fp16; published weights may leave fp16's range. Broken, with file, tensor or key, expected and found, if
/// the folder does not hold such a network.
std::unique_ptr<Autoencoder> LoadAutoencoderDC(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const AutoencoderDCOptions& options = {});

}  // namespace stampd::models
