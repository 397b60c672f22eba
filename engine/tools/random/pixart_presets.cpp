#include "engine/tools/random/networks.h"
#include "engine/tools/random/preset.h"
#include "engine/tools/random/tokenizer_data.h"

namespace stampd::tools {
namespace {

// Pieces, 100 sentinels, and rounded up as T5's own table is.
constexpr std::int64_t kVocabulary = (kT5Pieces + 100 + 127) / 128 * 128;

constexpr T5Shape kT5Xxl = {.d_model = 4096, .d_kv = 64, .num_heads = 64, .d_ff = 10240, .num_layers = 24, .vocab_size = 32128};
constexpr T5Shape kSmallT5 = {
    .d_model = 4096, .d_kv = 64, .num_heads = 8, .d_ff = 1024, .num_layers = 1, .vocab_size = kVocabulary};
constexpr T5Shape kTinyT5 = {.d_model = 64, .d_kv = 16, .num_heads = 4, .d_ff = 128, .num_layers = 2, .vocab_size = kVocabulary};

std::vector<ComponentPlan> Components(const PixArtShape& transformer, const T5Shape& text_encoder, const AutoencoderKlShape& vae,
                                      io::DType dtype) {
  return {PlanDpmSolver(), PlanT5(text_encoder, dtype), PlanT5Tokenizer(), PlanPixArt(transformer), PlanAutoencoderKl(vae)};
}

Preset SigmaXl(std::string name, std::int64_t sample_size, double interpolation_scale) {
  const PixArtShape transformer = {.num_attention_heads = 16,
                                   .attention_head_dim = 72,
                                   .num_layers = 28,
                                   .caption_channels = 4096,
                                   .sample_size = sample_size,
                                   .interpolation_scale = interpolation_scale};
  const AutoencoderKlShape vae = {
      .block_out_channels = {128, 256, 512, 512}, .layers_per_block = 2, .norm_num_groups = 32, .sample_size = 512};
  return {.name = std::move(name),
          .pipeline_class = "PixArtSigmaPipeline",
          .has_full_text_encoder = true,
          .components = [=](TextEncoderSize text_encoder, io::DType dtype) {
            return Components(transformer, text_encoder == TextEncoderSize::kFull ? kT5Xxl : kSmallT5, vae, dtype);
          }};
}

Preset Tiny() {
  const PixArtShape transformer = {.num_attention_heads = 2,
                                   .attention_head_dim = 32,
                                   .num_layers = 2,
                                   .caption_channels = kTinyT5.d_model,
                                   .sample_size = 32,
                                   .interpolation_scale = 0.5};
  const AutoencoderKlShape vae = {
      .block_out_channels = {8, 8, 16, 16}, .layers_per_block = 1, .norm_num_groups = 8, .sample_size = 256};
  return {.name = "tiny-pixart",
          .pipeline_class = "PixArtSigmaPipeline",
          .has_full_text_encoder = false,
          .components = [=](TextEncoderSize, io::DType dtype) { return Components(transformer, kTinyT5, vae, dtype); }};
}

}  // namespace

std::vector<Preset> PixArtPresets() {
  return {SigmaXl("pixart-sigma-xl-256", 32, 0.5), SigmaXl("pixart-sigma-xl-512", 64, 1), SigmaXl("pixart-sigma-xl-1024", 128, 2),
          SigmaXl("pixart-sigma-xl-2048", 256, 4), Tiny()};
}

}  // namespace stampd::tools
