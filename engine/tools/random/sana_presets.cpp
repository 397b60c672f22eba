#include "engine/tools/random/networks.h"
#include "engine/tools/random/preset.h"
#include "engine/tools/random/tokenizer_data.h"

namespace stampd::tools {
namespace {

constexpr Gemma2Shape kGemma2B = {.hidden_size = 2304,
                                  .head_dim = 256,
                                  .num_attention_heads = 8,
                                  .num_key_value_heads = 4,
                                  .intermediate_size = 9216,
                                  .num_hidden_layers = 26,
                                  .vocab_size = 256'000};
constexpr Gemma2Shape kSmallGemma = {.hidden_size = kGemma2B.hidden_size,
                                     .head_dim = 64,
                                     .num_attention_heads = 8,
                                     .num_key_value_heads = 4,
                                     .intermediate_size = 1024,
                                     .num_hidden_layers = 1,
                                     .vocab_size = kGemmaPieces};
constexpr Gemma2Shape kTinyGemma = {.hidden_size = 48,
                                    .head_dim = 16,
                                    .num_attention_heads = 4,
                                    .num_key_value_heads = 2,
                                    .intermediate_size = 128,
                                    .num_hidden_layers = 2,
                                    .vocab_size = kGemmaPieces};

constexpr SanaShape k600M = {.num_attention_heads = 36,
                             .attention_head_dim = 32,
                             .num_layers = 28,
                             .num_cross_attention_heads = 16,
                             .cross_attention_head_dim = 72,
                             .caption_channels = kGemma2B.hidden_size,
                             .sample_size = 32,
                             .interpolation_scale = {}};
constexpr SanaShape k1600M = {.num_attention_heads = 70,
                              .attention_head_dim = 32,
                              .num_layers = 20,
                              .num_cross_attention_heads = 20,
                              .cross_attention_head_dim = 112,
                              .caption_channels = kGemma2B.hidden_size,
                              .sample_size = 32,
                              .interpolation_scale = {}};
constexpr SanaShape kTiny = {.num_attention_heads = 4,
                             .attention_head_dim = 16,
                             .num_layers = 2,
                             .num_cross_attention_heads = 2,
                             .cross_attention_head_dim = 32,
                             .caption_channels = kTinyGemma.hidden_size,
                             .sample_size = 16,
                             .interpolation_scale = {}};

AutoencoderDcShape F32C32() {
  return {.attention_head_dim = 32,
          .block_out_channels = {128, 256, 512, 512, 1024, 1024},
          .encoder_layers_per_block = {2, 2, 2, 3, 3, 3},
          .decoder_layers_per_block = {3, 3, 3, 3, 3, 3},
          .qkv_multiscales = {{}, {}, {}, {5}, {5}, {5}}};
}

AutoencoderDcShape TinyF32C32() {
  return {.attention_head_dim = 8,
          .block_out_channels = {8, 8, 16, 16, 32, 64},
          .encoder_layers_per_block = {1, 1, 1, 1, 1, 1},
          .decoder_layers_per_block = {1, 1, 1, 1, 2, 1},
          .qkv_multiscales = {{}, {}, {}, {5}, {5}, {5}}};
}

// Of the autoencoder's latents, 32 pixels a side each.
SanaShape Sized(SanaShape shape, std::int64_t sample_size, std::optional<double> interpolation_scale = {}) {
  shape.sample_size = sample_size;
  shape.interpolation_scale = interpolation_scale;
  return shape;
}

// SANA-1.5 keeps queries and keys at one size.
SanaShape Normed(SanaShape shape, std::int64_t num_layers) {
  shape.qk_norm = true;
  shape.num_layers = num_layers;
  return shape;
}

// SANA-Sprint is distilled from SANA-1.5 and told its guidance scale.
SanaShape Sprint(SanaShape shape) {
  shape = Normed(shape, shape.num_layers);
  shape.guidance_embeds = true;
  return shape;
}

// The diffusers classes that the two kinds of checkpoint name.
struct Kind {
  std::string pipeline_class;
  ComponentPlan scheduler;
};

Kind OfFlow(double flow_shift = 3) { return {"SanaPipeline", PlanFlowDpmSolver(flow_shift)}; }
Kind OfConsistency() { return {"SanaSprintPipeline", PlanScm()}; }

Preset Released(std::string name, const Kind& kind, const SanaShape& transformer) {
  return {.name = std::move(name),
          .pipeline_class = kind.pipeline_class,
          .has_full_text_encoder = true,
          .components = [=](TextEncoderSize size, io::DType dtype) -> std::vector<ComponentPlan> {
            return {kind.scheduler, PlanGemma2(size == TextEncoderSize::kFull ? kGemma2B : kSmallGemma, dtype),
                    PlanGemmaTokenizer(), PlanSana(transformer), PlanAutoencoderDc(F32C32())};
          }};
}

Preset Tiny(std::string name, const Kind& kind, const SanaShape& transformer) {
  return {.name = std::move(name),
          .pipeline_class = kind.pipeline_class,
          .has_full_text_encoder = false,
          .components = [=](TextEncoderSize, io::DType dtype) -> std::vector<ComponentPlan> {
            return {kind.scheduler, PlanGemma2(kTinyGemma, dtype), PlanGemmaTokenizer(), PlanSana(transformer),
                    PlanAutoencoderDc(TinyF32C32())};
          }};
}

}  // namespace

std::vector<Preset> SanaPresets() {
  return {Released("sana-600m-512", OfFlow(), Sized(k600M, 16)),
          Released("sana-600m-1024", OfFlow(), k600M),
          Released("sana-1600m-512", OfFlow(), Sized(k1600M, 16)),
          Released("sana-1600m-1024", OfFlow(), k1600M),
          Released("sana-1600m-2048", OfFlow(), Sized(k1600M, 64, 1)),
          Released("sana-1600m-4096", OfFlow(6), Sized(k1600M, 128, 2)),
          Released("sana1.5-1600m-1024", OfFlow(), Normed(k1600M, 20)),
          Released("sana1.5-4800m-1024", OfFlow(), Normed(k1600M, 60)),
          Released("sana-sprint-600m-1024", OfConsistency(), Sprint(k600M)),
          Released("sana-sprint-1600m-1024", OfConsistency(), Sprint(k1600M)),
          Tiny("tiny-sana", OfFlow(), kTiny),
          Tiny("tiny-sana-sprint", OfConsistency(), Sized(Sprint(kTiny), 32))};
}

}  // namespace stampd::tools
