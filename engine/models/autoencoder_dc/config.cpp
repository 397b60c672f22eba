#include "engine/models/autoencoder_dc/config.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/io/text.h"

namespace stampd::models::autoencoder_dc {
namespace {

constexpr std::int64_t kMaxSize = 1 << 16;
constexpr std::size_t kMaxStages = 8;
constexpr std::int64_t kMaxKernel = 31;
constexpr std::int64_t kPixelsOfOne = 4;  // what an upsampler makes of a pixel

constexpr char kChannels[] = "decoder_block_out_channels";
constexpr char kLayers[] = "decoder_layers_per_block";
constexpr char kTypes[] = "decoder_block_types";
constexpr char kScales[] = "decoder_qkv_multiscales";
constexpr char kActivations[] = "decoder_act_fns";
constexpr char kNorms[] = "decoder_norm_types";

[[noreturn]] void Fail(const io::Config& config, std::string_view key, const std::string& expected, const std::string& found) {
  throw Broken("[autoencoder_dc] " + config.file() + ": " + std::string(key) + ": expected " + expected + ", found " + found);
}

void CheckRange(const io::Config& config, std::string_view key, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  Fail(config, key, std::to_string(least) + " … " + std::to_string(most), std::to_string(value));
}

std::int64_t Size(const io::Config& config, std::string_view key, std::int64_t fallback) {
  const std::int64_t size = config.Int(key, fallback);
  CheckRange(config, key, size, 1, kMaxSize);
  return size;
}

template <typename T>
void CheckCount(const io::Config& config, std::string_view key, const std::vector<T>& list, std::size_t stages) {
  if (list.size() == stages) return;
  Fail(config, key, std::to_string(stages) + " entries, as in " + kChannels, std::to_string(list.size()));
}

// A name for every stage, or one for all of them.
std::vector<std::string> Names(const io::Config& config, std::string_view key, std::size_t stages, const std::string& fallback) {
  std::vector<std::string> names(stages);
  if (config.IsList(key)) {
    names = config.Strings(key);
  } else {
    std::ranges::fill(names, config.String(key, fallback));
  }
  CheckCount(config, key, names, stages);
  return names;
}

BlockType TypeOf(const io::Config& config, const std::string& name) {
  if (name == "ResBlock") return BlockType::kResBlock;
  if (name == "EfficientViTBlock") return BlockType::kEfficientViT;
  Fail(config, kTypes, R"("ResBlock" or "EfficientViTBlock")", io::Quote(name));
}

Activation ActivationOf(const io::Config& config, std::string_view key, const std::string& name) {
  if (name == "silu") return Activation::kSilu;
  if (name == "relu") return Activation::kRelu;
  Fail(config, key, R"("silu" or "relu")", io::Quote(name));
}

std::vector<std::int64_t> ChannelsOf(const io::Config& config) {
  const std::vector<std::int64_t> channels = config.Ints(kChannels, std::vector<std::int64_t>{128, 256, 512, 512, 1024, 1024});
  if (channels.empty() || channels.size() > kMaxStages) {
    Fail(config, kChannels, "1 … " + std::to_string(kMaxStages) + " entries", std::to_string(channels.size()));
  }
  for (const std::int64_t count : channels) CheckRange(config, kChannels, count, 1, kMaxSize);
  return channels;
}

void CheckLayers(const io::Config& config, const std::vector<std::int64_t>& layers) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool may_be_empty = i == 0 && layers.size() > 1;
    CheckRange(config, kLayers, layers[i], may_be_empty ? 0 : 1, kMaxSize);
  }
}

void CheckAttention(const io::Config& config, const StageConfig& stage, std::int64_t head_dim) {
  if (stage.channels % head_dim != 0) {
    Fail(config, kChannels, "multiples of attention_head_dim " + std::to_string(head_dim), std::to_string(stage.channels));
  }
  for (const std::int64_t kernel : stage.scales) {
    CheckRange(config, kScales, kernel, 1, kMaxKernel);
    if (kernel % 2 == 0) Fail(config, kScales, "odd numbers", std::to_string(kernel));
  }
}

// An upsampler's shortcut spreads the channels of one pixel over four; more than four times as many, or a fraction, it cannot.
void CheckUpsampling(const io::Config& config, std::int64_t in, std::int64_t out) {
  const std::int64_t spread = kPixelsOfOne * out;
  if (spread % in == 0 && kPixelsOfOne % (spread / in) == 0) return;
  Fail(config, kChannels, "1, 1/2 or 1/4 of the next, " + std::to_string(in), std::to_string(out));
}

std::vector<StageConfig> StagesOf(const io::Config& config, std::int64_t head_dim) {
  const std::vector<std::int64_t> channels = ChannelsOf(config);
  const std::size_t count = channels.size();
  const std::vector<std::int64_t> layers = config.Ints(kLayers, std::vector<std::int64_t>{3, 3, 3, 3, 3, 3});
  CheckCount(config, kLayers, layers, count);
  CheckLayers(config, layers);
  const std::vector<std::vector<std::int64_t>> scales = config.IntLists(kScales, {{{}, {}, {}, {5}, {5}, {5}}});
  if (scales.size() < count) Fail(config, kScales, std::to_string(count) + " entries or more", std::to_string(scales.size()));
  const std::vector<std::string> types = Names(config, kTypes, count, "ResBlock");
  const std::vector<std::string> activations = Names(config, kActivations, count, "silu");
  for (const std::string& norm : Names(config, kNorms, count, "rms_norm")) {
    if (norm != "rms_norm") Fail(config, kNorms, "\"rms_norm\"", io::Quote(norm));
  }

  std::vector<StageConfig> stages;
  for (std::size_t i = 0; i < count; ++i) {
    const Activation activation = ActivationOf(config, kActivations, activations[i]);
    stages.push_back({channels[i], layers[i], TypeOf(config, types[i]), activation, scales[i]});
    if (stages[i].type == BlockType::kEfficientViT) CheckAttention(config, stages[i], head_dim);
    if (i + 1 < count && layers[i] > 0) CheckUpsampling(config, channels[i + 1], channels[i]);
  }
  return stages;
}

double ScalingFactor(const io::Config& config) {
  const double factor = config.Double("scaling_factor", 1);
  if (!std::isfinite(factor) || factor <= 0) Fail(config, "scaling_factor", "a number above 0", io::NumberText(factor));
  return factor;
}

void CheckShortcut(const io::Config& config, const AutoencoderDCConfig& read) {
  if (!read.in_shortcut || read.stages.back().channels % read.latent_channels == 0) return;
  Fail(config, kChannels, "a multiple of latent_channels " + std::to_string(read.latent_channels) + " at the end",
       std::to_string(read.stages.back().channels));
}

}  // namespace

AutoencoderDCConfig ReadConfig(const io::Config& config) {
  const std::int64_t pixel_channels = config.Int("in_channels", 3);
  if (pixel_channels != 3) Fail(config, "in_channels", "3", std::to_string(pixel_channels));
  const std::int64_t head_dim = Size(config, "attention_head_dim", 32);
  AutoencoderDCConfig read{
      .latent_channels = Size(config, "latent_channels", 32),
      .head_dim = head_dim,
      .stages = StagesOf(config, head_dim),
      // As in the reference, every other name is a pixel shuffle.
      .interpolate = config.String("upsample_block_type", "pixel_shuffle") == "interpolate",
      .in_shortcut = config.Bool("decoder_in_shortcut", true),
      .out_activation = ActivationOf(config, "decoder_conv_act_fn", config.String("decoder_conv_act_fn", "relu")),
      .scaling_factor = ScalingFactor(config),
  };
  CheckShortcut(config, read);
  return read;
}

}  // namespace stampd::models::autoencoder_dc
