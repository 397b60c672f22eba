#pragma once

#include <mutex>

#include <torch/types.h>

#include "engine/models/networks.h"

namespace stampd::models {

/// Colours of a latent without decoding it: rgb = A latent + b for each latent pixel, the best such map for this autoencoder.
///
/// Published factors fit one autoencoder; this map is fitted, at its first use, to what the autoencoder at hand makes of a few
/// smooth random latents (least squares; deterministic). Thread-safe; the autoencoder must outlive it.
class LatentPreview {
 public:
  explicit LatentPreview(const Autoencoder& autoencoder) : autoencoder_(autoencoder) {}

  /// `latent` [latent_channels, height, width] as the denoiser leaves it, to [3, height, width], fp32, nominally in -1 … 1.
  torch::Tensor ToRgb(const torch::Tensor& latent) const;

 private:
  torch::Tensor Fit() const;

  const Autoencoder& autoencoder_;
  mutable std::once_flag fitted_;
  mutable torch::Tensor map_;  // [latent_channels + 1, 3], fp32 on the CPU; the last row is b
};

}  // namespace stampd::models
