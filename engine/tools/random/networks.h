#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/io/dtype.h"
#include "engine/tools/random/plan.h"

namespace stampd::tools {

/// Sizes of the networks, by the names of their configuration keys; the rest is as the released checkpoints have it.

struct PixArtShape {
  std::int64_t num_attention_heads;
  std::int64_t attention_head_dim;
  std::int64_t num_layers;
  std::int64_t caption_channels;
  std::int64_t sample_size;
  double interpolation_scale;
};

struct SanaShape {
  std::int64_t num_attention_heads;
  std::int64_t attention_head_dim;
  std::int64_t num_layers;
  std::int64_t num_cross_attention_heads;
  std::int64_t cross_attention_head_dim;
  std::int64_t caption_channels;
  std::int64_t sample_size;
  std::optional<double> interpolation_scale;  // with it, a table of positions
  bool qk_norm = false;
  bool guidance_embeds = false;
};

struct T5Shape {
  std::int64_t d_model;
  std::int64_t d_kv;
  std::int64_t num_heads;
  std::int64_t d_ff;
  std::int64_t num_layers;
  std::int64_t vocab_size;
};

struct Gemma2Shape {
  std::int64_t hidden_size;
  std::int64_t head_dim;
  std::int64_t num_attention_heads;
  std::int64_t num_key_value_heads;
  std::int64_t intermediate_size;
  std::int64_t num_hidden_layers;
  std::int64_t vocab_size;
};

struct AutoencoderKlShape {
  std::vector<std::int64_t> block_out_channels;
  std::int64_t layers_per_block;
  std::int64_t norm_num_groups;
  std::int64_t sample_size;
};

/// A stage whose list of `qkv_multiscales` is empty consists of ResBlocks, another one of EfficientViTBlocks.
struct AutoencoderDcShape {
  std::int64_t attention_head_dim;
  std::vector<std::int64_t> block_out_channels;
  std::vector<std::int64_t> encoder_layers_per_block;
  std::vector<std::int64_t> decoder_layers_per_block;
  std::vector<std::vector<std::int64_t>> qkv_multiscales;
};

ComponentPlan PlanPixArt(const PixArtShape& shape);
ComponentPlan PlanSana(const SanaShape& shape);
// transformers takes the dtype from the configuration.
ComponentPlan PlanT5(const T5Shape& shape, io::DType dtype);
ComponentPlan PlanGemma2(const Gemma2Shape& shape, io::DType dtype);
ComponentPlan PlanAutoencoderKl(const AutoencoderKlShape& shape);
ComponentPlan PlanAutoencoderDc(const AutoencoderDcShape& shape);
ComponentPlan PlanT5Tokenizer();
ComponentPlan PlanGemmaTokenizer();
ComponentPlan PlanDpmSolver();                       // of models that predict noise
ComponentPlan PlanFlowDpmSolver(double flow_shift);  // of flow matching
ComponentPlan PlanScm();

}  // namespace stampd::tools
