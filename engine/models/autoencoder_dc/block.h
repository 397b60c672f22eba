#pragma once

#include <cstdint>

#include <torch/types.h>

#include "engine/layers/convolution.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_dc/attention.h"
#include "engine/models/autoencoder_dc/config.h"
#include "engine/models/autoencoder_dc/norm.h"

namespace stampd::models::autoencoder_dc {

/// In place.
void Activate(Activation activation, torch::Tensor x);

/// x <- x + norm(conv(activation(conv x))).
class ResBlock {
 public:
  ResBlock(const layers::WeightScope& scope, const StageConfig& stage);
  void AddTo(const torch::Tensor& x) const;

 private:
  layers::Convolution conv1_, conv2_;
  Activation activation_;
  Norm norm_;
};

/// x <- x + norm(a gated convolution of x): SANA's GLUMBConv (arXiv 2410.10629), four times as wide inside.
class GatedConvolution {
 public:
  GatedConvolution(const layers::WeightScope& scope, std::int64_t channels);
  void AddTo(const torch::Tensor& x) const;

 private:
  layers::Convolution widen_, gather_, narrow_;
  Norm norm_;
};

class EfficientViTBlock {
 public:
  EfficientViTBlock(const layers::WeightScope& scope, const StageConfig& stage, std::int64_t head_dim);
  void AddTo(const torch::Tensor& x) const;

 private:
  Attention attention_;
  GatedConvolution convolution_;
};

}  // namespace stampd::models::autoencoder_dc
