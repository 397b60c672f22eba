#include "engine/models/autoencoder_dc/decoder.h"

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_dc {
namespace {

constexpr std::int64_t kPixelChannels = 3;

std::int64_t ChannelsOut(const AutoencoderDCConfig& config) { return config.stages[config.upsamples_last() ? 1 : 0].channels; }

}  // namespace

Decoder::Decoder(const layers::WeightScope& scope, const AutoencoderDCConfig& config)
    : conv_in_(scope / "conv_in", config.latent_channels, config.stages.back().channels, 3),
      shortcut_repeats_(config.in_shortcut ? config.stages.back().channels / config.latent_channels : 0),
      norm_out_(scope / "norm_out", ChannelsOut(config)),
      out_activation_(config.out_activation) {
  for (std::size_t i = config.stages.size(); i-- > 0;) {
    if (config.stages[i].layers > 0) stages_.push_back(MakeStage(scope / "up_blocks" / static_cast<int>(i), config, i));
  }
  if (config.upsamples_last()) {
    upsampler_out_.emplace(scope / "conv_out", ChannelsOut(config), kPixelChannels,
                           UpsamplerOptions{.interpolate = config.interpolate, .shortcut = false});
  } else {
    conv_out_.emplace(scope / "conv_out", ChannelsOut(config), kPixelChannels, 3);
  }
}

Decoder::Stage Decoder::MakeStage(const layers::WeightScope& scope, const AutoencoderDCConfig& config, std::size_t index) {
  const StageConfig& stage = config.stages[index];
  Stage made;
  int place = 0;  // in the sequence that the upsampler and the blocks are one of
  if (index + 1 < config.stages.size()) {
    made.upsampler.emplace(scope / place++, config.stages[index + 1].channels, stage.channels,
                           UpsamplerOptions{.interpolate = config.interpolate});
  }
  for (std::int64_t i = 0; i < stage.layers; ++i) {
    const layers::WeightScope block = scope / place++;
    if (stage.type == BlockType::kResBlock) {
      made.blocks.emplace_back(ResBlock(block, stage));
    } else {
      made.blocks.emplace_back(EfficientViTBlock(block, stage, config.head_dim));
    }
  }
  return made;
}

torch::Tensor Decoder::Forward(const torch::Tensor& z) const {
  torch::Tensor x = Enter(z);
  for (const Stage& stage : stages_) {
    if (stage.upsampler) x = stage.upsampler->Forward(x);
    for (const Block& block : stage.blocks) {
      std::visit([&](const auto& of_either_type) { of_either_type.AddTo(x); }, block);
    }
  }
  return Leave(x);
}

torch::Tensor Decoder::Enter(const torch::Tensor& z) const {
  torch::Tensor x = conv_in_.Forward(z.contiguous(at::MemoryFormat::ChannelsLast));
  if (shortcut_repeats_ > 0) x.add_(z.repeat_interleave(shortcut_repeats_, 1));
  return x;
}

torch::Tensor Decoder::Leave(const torch::Tensor& x) const {
  norm_out_.Normalize(x);
  Activate(out_activation_, x);
  return upsampler_out_ ? upsampler_out_->Forward(x) : conv_out_->Forward(x);
}

}  // namespace stampd::models::autoencoder_dc
