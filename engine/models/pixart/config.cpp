#include "engine/models/pixart/config.h"

#include <algorithm>
#include <string>

#include "engine/models/dit/config_reader.h"

namespace stampd::models::pixart {
namespace {

using dit::ConfigReader;

constexpr int kSampleSizeWithConditions = 128;  // the reference's guess where the config leaves it open

// Before diffusers 0.30 the class was one for several networks, told apart by the kind of norm.
void CheckClass(const io::Config& config, const ConfigReader& reader) {
  const std::string name = config.String("_class_name", "PixArtTransformer2DModel");
  const bool older = name == "Transformer2DModel" && config.OptionalString("norm_type") == "ada_norm_single";
  if (older || name == "PixArtTransformer2DModel") return;
  reader.Refuse("_class_name", '"' + name + '"',
                R"("PixArtTransformer2DModel", or "Transformer2DModel" with norm_type "ada_norm_single")");
}

// What the network can be told to do and this engine does not.
void CheckVariants(const io::Config& config, const ConfigReader& reader) {
  CheckClass(config, reader);
  reader.ExpectString("norm_type", "ada_norm_single");
  reader.ExpectString("activation_fn", "gelu-approximate");
  reader.ExpectString("attention_type", "default");
  reader.ExpectBool("norm_elementwise_affine", false);
  if (config.Has("cross_attention_dim") && !config.OptionalInt("cross_attention_dim")) {
    reader.Refuse("cross_attention_dim", "null", "the width of the text");
  }
}

bool HasSizeConditions(const io::Config& config, int sample_size, bool has_size_embedders) {
  if (const auto stated = config.OptionalBool("use_additional_conditions")) return *stated;
  return sample_size == kSampleSizeWithConditions && has_size_embedders;
}

void CheckWidths(const ConfigReader& reader, const PixArtConfig& read) {
  if (read.width() > ConfigReader::kLargest || read.width() % 4 != 0) {
    reader.Refuse("num_attention_heads * attention_head_dim", std::to_string(read.width()),
                  "a multiple of 4 up to " + std::to_string(ConfigReader::kLargest) + ", for sines and cosines of two coordinates");
  }
  if (read.size_conditions && read.width() % 3 != 0) {
    reader.Refuse("num_attention_heads * attention_head_dim", std::to_string(read.width()),
                  "a multiple of 3, for height, width and aspect ratio");
  }
  if (read.caption_channels && read.cross_attention_dim != read.width()) {
    reader.Refuse("cross_attention_dim", std::to_string(read.cross_attention_dim),
                  std::to_string(read.width()) + ", to which caption_channels are projected");
  }
  if (read.sample_size < read.patch_size) {
    reader.Refuse("sample_size", std::to_string(read.sample_size), "at least patch_size (" + std::to_string(read.patch_size) + ")");
  }
}

}  // namespace

PixArtConfig ReadConfig(const io::Config& config, bool has_size_embedders) {
  const ConfigReader reader(config, "pixart");
  CheckVariants(config, reader);
  PixArtConfig read;
  read.heads = reader.SmallCount("num_attention_heads", read.heads);
  read.head_dim = reader.SmallCount("attention_head_dim", read.head_dim);
  read.in_channels = reader.SmallCount("in_channels", read.in_channels);
  read.out_channels = reader.OutChannels(read.in_channels, read.out_channels);
  read.layers = reader.SmallCount("num_layers", read.layers);
  read.cross_attention_dim = reader.Count("cross_attention_dim", read.cross_attention_dim);
  read.attention_bias = config.Bool("attention_bias", read.attention_bias);
  read.sample_size = reader.SmallCount("sample_size", read.sample_size);
  read.patch_size = reader.SmallCount("patch_size", read.patch_size);
  read.norm_eps = reader.Positive("norm_eps", read.norm_eps);
  read.interpolation_scale = reader.Positive("interpolation_scale", std::max(read.sample_size / 64, 1));
  read.size_conditions = HasSizeConditions(config, read.sample_size, has_size_embedders);
  if (config.OptionalInt("caption_channels")) read.caption_channels = reader.Count("caption_channels", 0);
  CheckWidths(reader, read);
  return read;
}

}  // namespace stampd::models::pixart
