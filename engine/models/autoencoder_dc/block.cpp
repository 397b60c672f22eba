#include "engine/models/autoencoder_dc/block.h"

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_dc {
namespace {

constexpr std::int64_t kWidening = 4;

}  // namespace

void Activate(Activation activation, torch::Tensor x) {
  switch (activation) {
    case Activation::kSilu:
      at::silu_(x);
      return;
    case Activation::kRelu:
      at::relu_(x);
      return;
  }
}

ResBlock::ResBlock(const layers::WeightScope& scope, const StageConfig& stage)
    : conv1_(scope / "conv1", stage.channels, stage.channels, 3),
      conv2_(scope / "conv2", stage.channels, stage.channels, 3, {.bias = false}),
      activation_(stage.activation),
      norm_(scope / "norm", stage.channels) {}

void ResBlock::AddTo(const torch::Tensor& x) const {
  // One statement a step: each result frees the one before it.
  torch::Tensor h = conv1_.Forward(x);
  Activate(activation_, h);
  h = conv2_.Forward(h);
  norm_.AddTo(x, h);
}

GatedConvolution::GatedConvolution(const layers::WeightScope& scope, std::int64_t channels)
    : widen_(scope / "conv_inverted", channels, 2 * kWidening * channels, 1),
      gather_(scope / "conv_depth", 2 * kWidening * channels, 2 * kWidening * channels, 3, {.groups = 2 * kWidening * channels}),
      narrow_(scope / "conv_point", kWidening * channels, channels, 1, {.bias = false}),
      norm_(scope / "norm", channels) {}

void GatedConvolution::AddTo(const torch::Tensor& x) const {
  torch::Tensor h = widen_.Forward(x);
  at::silu_(h);
  h = gather_.Forward(h);
  torch::Tensor gate = h.narrow(1, h.size(1) / 2, h.size(1) / 2);
  at::silu_(gate);
  h = h.narrow(1, 0, h.size(1) / 2) * gate;
  gate.reset();
  h = narrow_.Forward(h);
  norm_.AddTo(x, h);
}

EfficientViTBlock::EfficientViTBlock(const layers::WeightScope& scope, const StageConfig& stage, std::int64_t head_dim)
    : attention_(scope / "attn", stage.channels, head_dim, stage.scales), convolution_(scope / "conv_out", stage.channels) {}

void EfficientViTBlock::AddTo(const torch::Tensor& x) const {
  attention_.AddTo(x);
  convolution_.AddTo(x);
}

}  // namespace stampd::models::autoencoder_dc
