#include "engine/tools/random/presets.h"

#include "engine/base/error.h"
#include "engine/tools/random/networks.h"
#include "engine/tools/random/tokenizer_model.h"

namespace stampd::tools {
namespace {

// Pieces, 100 sentinels, and rounded up as T5's own table is.
constexpr std::int64_t kVocabulary = (kTokenizerPieces + 100 + 127) / 128 * 128;

struct Preset {
  std::string name;
  PixArtShape transformer;
  T5Shape small_text_encoder;
  bool has_full_text_encoder;
  AutoencoderKlShape vae;
};

PixArtShape PixArtXl(std::int64_t sample_size, double interpolation_scale) {
  return {.num_attention_heads = 16,
          .attention_head_dim = 72,
          .num_layers = 28,
          .caption_channels = 4096,
          .sample_size = sample_size,
          .interpolation_scale = interpolation_scale};
}

Preset PixArtSigmaXl(std::string name, std::int64_t sample_size, double interpolation_scale) {
  return {
      .name = std::move(name),
      .transformer = PixArtXl(sample_size, interpolation_scale),
      .small_text_encoder = {.d_model = 4096, .d_kv = 64, .num_heads = 8, .d_ff = 1024, .num_layers = 1, .vocab_size = kVocabulary},
      .has_full_text_encoder = true,
      .vae = {.block_out_channels = {128, 256, 512, 512}, .layers_per_block = 2, .norm_num_groups = 32, .sample_size = 512}};
}

Preset TinyPixArt() {
  return {
      .name = "tiny-pixart",
      .transformer = {.num_attention_heads = 2,
                      .attention_head_dim = 32,
                      .num_layers = 2,
                      .caption_channels = 64,
                      .sample_size = 32,
                      .interpolation_scale = 0.5},
      .small_text_encoder = {.d_model = 64, .d_kv = 16, .num_heads = 4, .d_ff = 128, .num_layers = 2, .vocab_size = kVocabulary},
      .has_full_text_encoder = false,
      .vae = {.block_out_channels = {8, 8, 16, 16}, .layers_per_block = 1, .norm_num_groups = 8, .sample_size = 256}};
}

const std::vector<Preset>& Presets() {
  static const std::vector<Preset> presets = {
      PixArtSigmaXl("pixart-sigma-xl-256", 32, 0.5),
      PixArtSigmaXl("pixart-sigma-xl-512", 64, 1),
      PixArtSigmaXl("pixart-sigma-xl-1024", 128, 2),
      PixArtSigmaXl("pixart-sigma-xl-2048", 256, 4),
      TinyPixArt(),
  };
  return presets;
}

const Preset& Find(std::string_view name) {
  std::string names;
  for (const Preset& preset : Presets()) {
    if (preset.name == name) return preset;
    names += (names.empty() ? "" : ", ") + preset.name;
  }
  throw BadRequest("preset", "expected one of " + names + ", found " + std::string(name));
}

constexpr T5Shape kT5Xxl = {.d_model = 4096, .d_kv = 64, .num_heads = 64, .d_ff = 10240, .num_layers = 24, .vocab_size = 32128};

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) names.push_back(preset.name);
  return names;
}

CheckpointPlan PlanPreset(std::string_view name, TextEncoderSize text_encoder, io::DType dtype) {
  const Preset& preset = Find(name);
  const bool full = text_encoder == TextEncoderSize::kFull;
  if (full && !preset.has_full_text_encoder) {
    throw BadRequest("text-encoder", "expected small, the only size of " + preset.name + ", found full");
  }
  return {.pipeline_class = "PixArtSigmaPipeline",
          .components = {PlanDpmSolver(), PlanT5(full ? kT5Xxl : preset.small_text_encoder, dtype), PlanTokenizer(),
                         PlanPixArt(preset.transformer), PlanAutoencoderKl(preset.vae)}};
}

}  // namespace stampd::tools
