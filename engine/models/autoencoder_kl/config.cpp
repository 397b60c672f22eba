#include "engine/models/autoencoder_kl/config.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "engine/base/error.h"

namespace stampd::models::autoencoder_kl {
namespace {

constexpr std::int64_t kMaxSize = 1 << 16;
constexpr std::size_t kMaxBlocks = 8;
constexpr char kBlockType[] = "UpDecoderBlock2D";

[[noreturn]] void Fail(const io::Config& config, const std::string& key, const std::string& expected, const std::string& found) {
  throw Broken("[autoencoder_kl] " + config.file() + ": " + key + ": expected " + expected + ", found " + found);
}

void CheckSize(const io::Config& config, const std::string& key, std::int64_t size) {
  if (size < 1 || size > kMaxSize) Fail(config, key, "1 … " + std::to_string(kMaxSize), std::to_string(size));
}

std::int64_t Size(const io::Config& config, const std::string& key, std::int64_t fallback) {
  const std::int64_t size = config.Int(key, fallback);
  CheckSize(config, key, size);
  return size;
}

std::vector<std::int64_t> BlockChannels(const io::Config& config, std::int64_t groups) {
  const std::vector<std::int64_t> channels = config.Ints("block_out_channels", std::vector<std::int64_t>{64});
  if (channels.empty() || channels.size() > kMaxBlocks) {
    Fail(config, "block_out_channels", "1 … " + std::to_string(kMaxBlocks) + " entries", std::to_string(channels.size()));
  }
  for (const std::int64_t count : channels) {
    CheckSize(config, "block_out_channels", count);
    if (count % groups != 0) {
      Fail(config, "block_out_channels", "multiples of norm_num_groups " + std::to_string(groups), std::to_string(count));
    }
  }
  return channels;
}

void CheckBlockTypes(const io::Config& config, std::size_t blocks) {
  const std::vector<std::string> types = config.Strings("up_block_types", std::vector<std::string>{kBlockType});
  if (types.size() != blocks) {
    Fail(config, "up_block_types", std::to_string(blocks) + " entries, as in block_out_channels", std::to_string(types.size()));
  }
  for (const std::string& type : types) {
    if (type != kBlockType) Fail(config, "up_block_types", '"' + std::string(kBlockType) + '"', '"' + type + '"');
  }
}

void CheckKind(const io::Config& config) {
  const std::string activation = config.String("act_fn", "silu");
  if (activation != "silu") Fail(config, "act_fn", "\"silu\"", '"' + activation + '"');
  const std::int64_t channels = config.Int("out_channels", 3);
  if (channels != 3) Fail(config, "out_channels", "3", std::to_string(channels));
}

double ScalingFactor(const io::Config& config) {
  const double factor = config.Double("scaling_factor", 0.18215);
  if (!std::isfinite(factor) || factor <= 0) Fail(config, "scaling_factor", "a number above 0", std::to_string(factor));
  return factor;
}

double ShiftFactor(const io::Config& config) {
  const double shift = config.OptionalDouble("shift_factor").value_or(0);
  if (!std::isfinite(shift)) Fail(config, "shift_factor", "a finite number or null", std::to_string(shift));
  return shift;
}

}  // namespace

Tiling AutoencoderKLConfig::tiling() const {
  constexpr std::int64_t kQuarters = 4;  // stride and overlap are whole only where the tile is in quarters
  const std::int64_t tile = std::max(sample_size / factor() / kQuarters * kQuarters, kQuarters);
  return {.tile = tile, .stride = tile - tile / kQuarters, .factor = factor()};
}

AutoencoderKLConfig ReadConfig(const io::Config& config) {
  CheckKind(config);
  AutoencoderKLConfig read{
      .latent_channels = Size(config, "latent_channels", 4),
      .block_channels = {},
      .layers_per_block = Size(config, "layers_per_block", 1),
      .norm_groups = Size(config, "norm_num_groups", 32),
      .sample_size = Size(config, "sample_size", 32),
      .scaling_factor = ScalingFactor(config),
      .shift_factor = ShiftFactor(config),
      .use_post_quant_conv = config.Bool("use_post_quant_conv", true),
      .mid_block_attention = config.Bool("mid_block_add_attention", true),
      .force_upcast = config.Bool("force_upcast", true),
  };
  read.block_channels = BlockChannels(config, read.norm_groups);
  CheckBlockTypes(config, read.block_channels.size());
  return read;
}

}  // namespace stampd::models::autoencoder_kl
