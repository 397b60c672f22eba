#include "engine/models/pixart/config.h"

#include <cmath>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace stampd::models::pixart {
namespace {

constexpr std::int64_t kLargest = 1 << 16;      // of any count or width; far above what was ever trained
constexpr int kSampleSizeWithConditions = 128;  // the reference's guess where the config leaves it open

[[noreturn]] void Refuse(const io::Config& config, std::string_view key, const std::string& found, const std::string& expected) {
  throw Broken("[pixart] " + config.file() + ": " + std::string(key) + ": expected " + expected + ", found " + found);
}

std::int64_t Count(const io::Config& config, std::string_view key, std::int64_t fallback) {
  const std::int64_t value = config.Int(key, fallback);
  if (value < 1 || value > kLargest) Refuse(config, key, std::to_string(value), "1 … " + std::to_string(kLargest));
  return value;
}

int SmallCount(const io::Config& config, std::string_view key, int fallback) {
  return static_cast<int>(Count(config, key, fallback));
}

void ExpectString(const io::Config& config, std::string_view key, std::string_view supported) {
  const std::string value = config.String(key, std::string(supported));
  if (value != supported) Refuse(config, key, '"' + value + '"', '"' + std::string(supported) + '"');
}

// Before diffusers 0.30 the class was one for several networks, told apart by the kind of norm.
void CheckClass(const io::Config& config) {
  const std::string name = config.String("_class_name", "PixArtTransformer2DModel");
  const bool older = name == "Transformer2DModel" && config.OptionalString("norm_type") == "ada_norm_single";
  if (older || name == "PixArtTransformer2DModel") return;
  Refuse(config, "_class_name", '"' + name + '"',
         R"("PixArtTransformer2DModel", or "Transformer2DModel" with norm_type "ada_norm_single")");
}

// What the network can be told to do and this engine does not.
void CheckVariants(const io::Config& config) {
  CheckClass(config);
  ExpectString(config, "norm_type", "ada_norm_single");
  ExpectString(config, "activation_fn", "gelu-approximate");
  ExpectString(config, "attention_type", "default");
  if (config.Bool("norm_elementwise_affine", false)) Refuse(config, "norm_elementwise_affine", "true", "false");
  if (config.Has("cross_attention_dim") && !config.OptionalInt("cross_attention_dim")) {
    Refuse(config, "cross_attention_dim", "null", "the width of the text");
  }
}

int OutChannels(const io::Config& config, int in_channels) {
  const bool is_null = config.Has("out_channels") && !config.OptionalInt("out_channels");
  const int value = is_null ? in_channels : SmallCount(config, "out_channels", 8);
  if (value != in_channels && value != 2 * in_channels) {
    Refuse(config, "out_channels", std::to_string(value), "in_channels (" + std::to_string(in_channels) + ") or twice that");
  }
  return value;
}

double Positive(const io::Config& config, std::string_view key, double fallback) {
  const double value = config.Double(key, fallback);
  if (!std::isfinite(value) || value <= 0) Refuse(config, key, std::to_string(value), "a number above 0");
  return value;
}

bool HasSizeConditions(const io::Config& config, int sample_size, bool has_size_embedders) {
  if (const auto stated = config.OptionalBool("use_additional_conditions")) return *stated;
  return sample_size == kSampleSizeWithConditions && has_size_embedders;
}

void CheckWidths(const io::Config& config, const PixArtConfig& read) {
  if (read.width() > kLargest || read.width() % 4 != 0) {
    Refuse(config, "num_attention_heads * attention_head_dim", std::to_string(read.width()),
           "a multiple of 4 up to " + std::to_string(kLargest) + ", for sines and cosines of two coordinates");
  }
  if (read.size_conditions && read.width() % 3 != 0) {
    Refuse(config, "num_attention_heads * attention_head_dim", std::to_string(read.width()),
           "a multiple of 3, for height, width and aspect ratio");
  }
  if (read.caption_channels && read.cross_attention_dim != read.width()) {
    Refuse(config, "cross_attention_dim", std::to_string(read.cross_attention_dim),
           std::to_string(read.width()) + ", to which caption_channels are projected");
  }
  if (read.sample_size < read.patch_size) {
    Refuse(config, "sample_size", std::to_string(read.sample_size),
           "at least patch_size (" + std::to_string(read.patch_size) + ")");
  }
}

}  // namespace

PixArtConfig ReadConfig(const io::Config& config, bool has_size_embedders) {
  CheckVariants(config);
  PixArtConfig read;
  read.heads = SmallCount(config, "num_attention_heads", read.heads);
  read.head_dim = SmallCount(config, "attention_head_dim", read.head_dim);
  read.in_channels = SmallCount(config, "in_channels", read.in_channels);
  read.out_channels = OutChannels(config, read.in_channels);
  read.layers = SmallCount(config, "num_layers", read.layers);
  read.cross_attention_dim = Count(config, "cross_attention_dim", read.cross_attention_dim);
  read.attention_bias = config.Bool("attention_bias", read.attention_bias);
  read.sample_size = SmallCount(config, "sample_size", read.sample_size);
  read.patch_size = SmallCount(config, "patch_size", read.patch_size);
  read.norm_eps = Positive(config, "norm_eps", read.norm_eps);
  read.interpolation_scale = Positive(config, "interpolation_scale", std::max(read.sample_size / 64, 1));
  read.size_conditions = HasSizeConditions(config, read.sample_size, has_size_embedders);
  if (config.OptionalInt("caption_channels")) read.caption_channels = Count(config, "caption_channels", 0);
  CheckWidths(config, read);
  return read;
}

}  // namespace stampd::models::pixart
