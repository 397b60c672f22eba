#pragma once

#include <cstdint>
#include <optional>

#include <torch/types.h>

#include "engine/layers/convolution.h"
#include "engine/layers/weights.h"

namespace stampd::models::autoencoder_kl {

/// Pictures here are those of layers/convolution.h. Steps take their input by value, so that a caller can hand over the last
/// reference to a large tensor.

/// Group norm with a weight and a bias per channel.
class Norm {
 public:
  Norm(const layers::WeightScope& scope, std::int64_t channels, std::int64_t groups);
  torch::Tensor Forward(const torch::Tensor& x) const;
  torch::Tensor ForwardSilu(const torch::Tensor& x) const;

 private:
  torch::Tensor weight_, bias_;
  std::int64_t groups_;
};

/// x + conv(silu(norm(conv(silu(norm x))))), with a 1x1 convolution on x where the number of channels changes.
class Resnet {
 public:
  Resnet(const layers::WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t groups);
  torch::Tensor Forward(torch::Tensor x) const;

 private:
  Norm norm1_;
  layers::Convolution conv1_;
  Norm norm2_;
  layers::Convolution conv2_;
  std::optional<layers::Convolution> shortcut_;
};

/// Self-attention of all pixels with one head as wide as the picture has channels, added to its input. Reads the names and the
/// 1x1-convolution shapes of checkpoints from before diffusers 0.18 too.
class Attention {
 public:
  Attention(const layers::WeightScope& scope, std::int64_t channels, std::int64_t groups);
  torch::Tensor Forward(torch::Tensor x) const;

 private:
  struct Linear {
    torch::Tensor weight, bias;
    Linear(const layers::WeightScope& scope, std::int64_t channels);
    torch::Tensor Forward(const torch::Tensor& x) const { return at::linear(x, weight, bias); }
  };

  Norm norm_;
  Linear q_, k_, v_, out_;
};

}  // namespace stampd::models::autoencoder_kl
