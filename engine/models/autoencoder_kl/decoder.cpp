#include "engine/models/autoencoder_kl/decoder.h"

#include <utility>

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_kl {
namespace {

constexpr std::int64_t kPixelChannels = 3;

torch::Tensor Upsample(const torch::Tensor& x) { return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}); }

}  // namespace

Decoder::Decoder(const layers::WeightScope& scope, const AutoencoderKLConfig& config)
    : conv_in_(scope / "decoder" / "conv_in", config.latent_channels, config.block_channels.back(), 3),
      mid_first_(scope / "decoder" / "mid_block" / "resnets" / 0, config.block_channels.back(), config.block_channels.back(),
                 config.norm_groups),
      mid_last_(scope / "decoder" / "mid_block" / "resnets" / 1, config.block_channels.back(), config.block_channels.back(),
                config.norm_groups),
      norm_out_(scope / "decoder" / "conv_norm_out", config.block_channels.front(), config.norm_groups),
      conv_out_(scope / "decoder" / "conv_out", config.block_channels.front(), kPixelChannels, 3) {
  if (config.use_post_quant_conv) post_quant_.emplace(scope / "post_quant_conv", config.latent_channels, config.latent_channels, 1);
  if (config.mid_block_attention) {
    mid_attention_.emplace(scope / "decoder" / "mid_block" / "attentions" / 0, config.block_channels.back(), config.norm_groups);
  }
  for (int i = 0; i < static_cast<int>(config.block_channels.size()); ++i) {
    levels_.push_back(MakeLevel(scope / "decoder" / "up_blocks" / i, config, i));
  }
}

Decoder::Level Decoder::MakeLevel(const layers::WeightScope& scope, const AutoencoderKLConfig& config, int index) {
  const std::vector<std::int64_t>& channels = config.block_channels;
  const std::size_t place = channels.size() - 1 - static_cast<std::size_t>(index);  // the decoder goes from the innermost out
  const std::int64_t out = channels[place];
  std::int64_t in = index == 0 ? out : channels[place + 1];
  Level level;
  for (int i = 0; i <= config.layers_per_block; ++i) {
    level.resnets.emplace_back(scope / "resnets" / i, in, out, config.norm_groups);
    in = out;
  }
  if (place != 0) level.after_upsampling.emplace(scope / "upsamplers" / 0 / "conv", out, out, 3);
  return level;
}

torch::Tensor Decoder::Forward(torch::Tensor x) const {
  if (post_quant_) x = post_quant_->Forward(x);
  x = conv_in_.Forward(x.contiguous(at::MemoryFormat::ChannelsLast));
  x = mid_first_.Forward(std::move(x));
  if (mid_attention_) x = mid_attention_->Forward(std::move(x));
  x = mid_last_.Forward(std::move(x));
  for (const Level& level : levels_) {
    for (const Resnet& resnet : level.resnets) x = resnet.Forward(std::move(x));
    if (!level.after_upsampling) continue;
    x = Upsample(x);
    x = level.after_upsampling->Forward(x);
  }
  x = norm_out_.ForwardSilu(x);
  return conv_out_.Forward(x);
}

}  // namespace stampd::models::autoencoder_kl
