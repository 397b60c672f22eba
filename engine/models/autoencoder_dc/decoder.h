#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <torch/types.h>

#include "engine/layers/convolution.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_dc/block.h"
#include "engine/models/autoencoder_dc/config.h"
#include "engine/models/autoencoder_dc/norm.h"
#include "engine/models/autoencoder_dc/upsampler.h"

namespace stampd::models::autoencoder_dc {

/// The network from a latent [1, latent_channels, height, width], already unscaled, to pixels [1, 3, height * factor, …].
class Decoder {
 public:
  /// Takes all of `scope`, which is the component's "decoder".
  Decoder(const layers::WeightScope& scope, const AutoencoderDCConfig& config);
  torch::Tensor Forward(const torch::Tensor& z) const;

 private:
  using Block = std::variant<ResBlock, EfficientViTBlock>;
  struct Stage {
    std::optional<Upsampler> upsampler;  // none in the first stage
    std::vector<Block> blocks;
  };
  static Stage MakeStage(const layers::WeightScope& scope, const AutoencoderDCConfig& config, std::size_t index);
  torch::Tensor Enter(const torch::Tensor& z) const;
  torch::Tensor Leave(const torch::Tensor& x) const;

  layers::Convolution conv_in_;
  std::int64_t shortcut_repeats_;  // of a latent's channels around conv_in; none: no shortcut
  std::vector<Stage> stages_;      // innermost first
  Norm norm_out_;
  Activation out_activation_;
  std::optional<layers::Convolution> conv_out_;
  std::optional<Upsampler> upsampler_out_;  // in place of conv_out
};

}  // namespace stampd::models::autoencoder_dc
