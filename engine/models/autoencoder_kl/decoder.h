#pragma once

#include <optional>
#include <vector>

#include <torch/types.h>

#include "engine/layers/convolution.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_kl/block.h"
#include "engine/models/autoencoder_kl/config.h"

namespace stampd::models::autoencoder_kl {

/// The network from a latent [1, latent_channels, height, width], already unscaled, to pixels [1, 3, height * factor, …].
class Decoder {
 public:
  /// `scope` is the component's root; takes what lies under "decoder" and "post_quant_conv".
  Decoder(const layers::WeightScope& scope, const AutoencoderKLConfig& config);
  torch::Tensor Forward(torch::Tensor x) const;

 private:
  struct Level {
    std::vector<Resnet> resnets;
    std::optional<layers::Convolution> after_upsampling;  // none in the last level, which keeps the size
  };
  static Level MakeLevel(const layers::WeightScope& scope, const AutoencoderKLConfig& config, int index);

  std::optional<layers::Convolution> post_quant_;
  layers::Convolution conv_in_;
  Resnet mid_first_;
  std::optional<Attention> mid_attention_;
  Resnet mid_last_;
  std::vector<Level> levels_;
  Norm norm_out_;
  layers::Convolution conv_out_;
};

}  // namespace stampd::models::autoencoder_kl
