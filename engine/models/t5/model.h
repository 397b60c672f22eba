#pragma once

#include <filesystem>
#include <memory>

#include <torch/types.h>

#include "engine/layers/quantization.h"
#include "engine/models/networks.h"

namespace stampd::models {

/// The encoder half of T5 1.1 (https://arxiv.org/abs/1910.10683, gated GELU as in https://arxiv.org/abs/2002.05202), as
/// transformers' T5EncoderModel computes it, from its folder: config.json and model.safetensors or shards of it.
///
/// `dtype` fp32, bf16 or fp16. In fp16 the last linear of each feed-forward stays in fp32, and so does all that is summed after
/// the first; embeddings come out in fp16 all the same. With a recipe, which needs no grid, the linears of its blocks are quantized
/// (layers/image_linear.h); table, biases and norms stay as they are. A decoder that lies in the same files is left alone. Shards
/// are read a tensor at a time, so that loading needs the room of what is kept and little more. Broken, with file, tensor or key,
/// expected and found, if the folder does not hold such an encoder.
///
/// Encode throws Broken for an id outside the vocabulary, which a tokenizer of another model would make, and for no ids at all.
std::unique_ptr<TextEncoder> LoadT5Encoder(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                           const layers::Quantization* quantization = nullptr);

}  // namespace stampd::models
