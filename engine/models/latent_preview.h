#pragma once

#include <mutex>

#include <torch/types.h>

#include "engine/models/networks.h"

namespace stampd::models {

/// Latents as small pictures, one pixel per latent, for a look at what is being painted: rgb = matrix * latent + offset.
///
/// A decoder is close to linear in the colours of areas, so the map is fitted to the decoder itself: at the first use it decodes a
/// few smooth random latents, always the same, and takes the least squares over the mean colours of their pixel blocks. Works for
/// any autoencoder without a table of constants. Thread-safe; the first callers wait for the fit.
class LatentPreview {
 public:
  /// `autoencoder` must outlive this.
  explicit LatentPreview(const Autoencoder& autoencoder) : autoencoder_(autoencoder) {}

  /// `latent` [channels, height, width] as the denoiser leaves it, to float [3, height, width] in -1 … 1, on its device.
  torch::Tensor ToRgb(const torch::Tensor& latent) const;

 private:
  void Fit() const;

  const Autoencoder& autoencoder_;
  mutable std::once_flag fitted_;
  mutable torch::Tensor matrix_;  // [3, channels]
  mutable torch::Tensor offset_;  // [3, 1, 1]
};

}  // namespace stampd::models
