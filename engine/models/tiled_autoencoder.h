#pragma once

#include <cstdint>
#include <string>

#include <torch/types.h>

#include "engine/models/networks.h"
#include "engine/models/tiled_decoding.h"

namespace stampd::models {

/// What latents are to a decoder.
struct LatentSpace {
  std::string name;  // of the autoencoder, for errors
  std::int64_t channels = 0;
  double scaling_factor = 1;
  double shift_factor = 0;  // added after dividing by scaling_factor
};

/// An autoencoder around the network of its decoder: scales latents, and decodes those of more than `untiled_area` latents in
/// tiles.
class TiledAutoencoder final : public Autoencoder {
 public:
  /// `tensors`: device and dtype that `network` computes in.
  TiledAutoencoder(LatentSpace space, torch::TensorOptions tensors, Footprint footprint, DecoderNetwork network, Tiling tiling,
                   std::int64_t untiled_area);

  Footprint footprint() const override { return footprint_; }
  int latent_channels() const override { return static_cast<int>(space_.channels); }
  int factor() const override { return static_cast<int>(tiling_.factor); }
  double scaling_factor() const override { return space_.scaling_factor; }
  torch::ScalarType dtype() const override { return c10::typeMetaToScalarType(tensors_.dtype()); }
  torch::Tensor Decode(const torch::Tensor& latent) const override;

 private:
  void CheckShape(const torch::Tensor& latent) const;

  LatentSpace space_;
  torch::TensorOptions tensors_;
  Footprint footprint_;
  DecoderNetwork network_;
  Tiling tiling_;
  std::int64_t untiled_area_;
};

}  // namespace stampd::models
