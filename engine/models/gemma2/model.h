#pragma once

#include <filesystem>
#include <memory>

#include <torch/types.h>

#include "engine/layers/quantization.h"
#include "engine/models/networks.h"

namespace stampd::models {

/// The decoder of Gemma 2 (https://arxiv.org/abs/2408.00118) up to its last norm, as transformers' Gemma2Model computes it, from
/// its folder: config.json and model.safetensors or shards of it. A text's embeddings are its last hidden states; each depends on
/// the tokens before it only.
///
/// Attention scores are capped at attn_logit_softcapping, as the models were trained and as transformers' eager attention has it.
/// Its SDPA attention, its default for a time from 4.48 on, left the cap out; whoever wants those results gives, in place of the
/// text_encoder folder, a copy whose config.json says `"attn_logit_softcapping": null`.
///
/// `dtype` fp32, bf16 or fp16; the published weights were trained in bf16, and their hidden states may leave fp16's range. Names
/// may begin with "model.", as Gemma2ForCausalLM saves them. With a recipe, which needs no grid, the linears of its layers are
/// quantized (layers/image_linear.h); table and norms stay as they are. Broken, with file, tensor or key, expected and found, if
/// the folder does not hold such a decoder.
///
/// Encode throws Broken for an id outside the vocabulary, which a tokenizer of another model would make, and for no ids at all.
std::unique_ptr<TextEncoder> LoadGemma2Encoder(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const layers::Quantization* quantization = nullptr);

}  // namespace stampd::models
