#include "engine/models/sana/config.h"

#include <string>

#include "engine/io/text.h"
#include "engine/models/dit/config_reader.h"
#include "engine/ops/linear_attention.h"

namespace stampd::models::sana {
namespace {

using dit::ConfigReader;

constexpr std::int64_t kDefaultCrossAttentionDim = 2240;

bool HasQueryKeyNorm(const io::Config& config, const ConfigReader& reader) {
  constexpr const char* kSupported = "rms_norm_across_heads";
  const std::optional<std::string> kind = config.OptionalString("qk_norm");
  if (kind && *kind != kSupported) reader.Refuse("qk_norm", io::Quote(*kind), "null or " + io::Quote(kSupported));
  return kind.has_value();
}

std::optional<double> InterpolationScale(const io::Config& config, const ConfigReader& reader) {
  if (!config.OptionalDouble("interpolation_scale")) return {};
  return reader.Positive("interpolation_scale", 1);
}

void CheckWidths(const io::Config& config, const ConfigReader& reader, const SanaConfig& read) {
  const auto refuse_above = [&](const char* key, std::int64_t found, std::int64_t most) {
    if (found < 1 || found > most) reader.Refuse(key, std::to_string(found), "1 … " + std::to_string(most));
  };
  refuse_above("attention_head_dim", read.head_dim, ops::kMaxLinearHeadDim);
  refuse_above("num_attention_heads * attention_head_dim", read.width(), ConfigReader::kLargest);
  refuse_above("num_cross_attention_heads * cross_attention_head_dim", read.cross_width(), ConfigReader::kLargest);
  refuse_above("mlp_ratio * width", read.hidden_width(), ConfigReader::kLargest);
  if (read.interpolation_scale && read.width() % 4 != 0) {
    reader.Refuse("num_attention_heads * attention_head_dim", std::to_string(read.width()),
                  "a multiple of 4, for sines and cosines of two coordinates");
  }
  if (config.Has("cross_attention_dim") && !config.OptionalInt("cross_attention_dim")) {
    reader.Refuse("cross_attention_dim", "null", std::to_string(read.width()) + ", to which caption_channels are projected");
  }
  const std::int64_t cross_attention_dim = config.Int("cross_attention_dim", kDefaultCrossAttentionDim);
  if (cross_attention_dim != read.width()) {
    reader.Refuse("cross_attention_dim", std::to_string(cross_attention_dim),
                  std::to_string(read.width()) + ", to which caption_channels are projected");
  }
  if (read.sample_size < read.patch_size) {
    reader.Refuse("sample_size", std::to_string(read.sample_size), "at least patch_size (" + std::to_string(read.patch_size) + ")");
  }
}

}  // namespace

SanaConfig ReadConfig(const io::Config& config) {
  const ConfigReader reader(config, "sana");
  reader.ExpectString("_class_name", "SanaTransformer2DModel");
  reader.ExpectBool("norm_elementwise_affine", false);
  SanaConfig read;
  read.heads = reader.SmallCount("num_attention_heads", read.heads);
  read.head_dim = reader.SmallCount("attention_head_dim", read.head_dim);
  read.cross_heads = reader.SmallCount("num_cross_attention_heads", read.cross_heads);
  read.cross_head_dim = reader.SmallCount("cross_attention_head_dim", read.cross_head_dim);
  read.in_channels = reader.SmallCount("in_channels", read.in_channels);
  read.out_channels = reader.OutChannels(read.in_channels, read.out_channels);
  read.layers = reader.SmallCount("num_layers", read.layers);
  read.caption_channels = reader.Count("caption_channels", read.caption_channels);
  read.mlp_ratio = reader.Positive("mlp_ratio", read.mlp_ratio);
  read.attention_bias = config.Bool("attention_bias", read.attention_bias);
  read.qk_norm = HasQueryKeyNorm(config, reader);
  read.sample_size = reader.SmallCount("sample_size", read.sample_size);
  read.patch_size = reader.SmallCount("patch_size", read.patch_size);
  read.norm_eps = reader.Positive("norm_eps", read.norm_eps);
  read.interpolation_scale = InterpolationScale(config, reader);
  read.guidance_embeds = config.Bool("guidance_embeds", read.guidance_embeds);
  read.guidance_embeds_scale = reader.Positive("guidance_embeds_scale", read.guidance_embeds_scale);
  read.timestep_scale = reader.Positive("timestep_scale", read.timestep_scale);
  CheckWidths(config, reader, read);
  return read;
}

}  // namespace stampd::models::sana
