#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

constexpr std::int64_t kImageChannels = 3;
constexpr std::int64_t kLatentChannels = 32;
constexpr std::int64_t kWidening = 4;  // of a gated convolution

std::vector<std::string> BlockTypes(const AutoencoderDcShape& shape) {
  std::vector<std::string> types;
  for (const std::vector<std::int64_t>& scales : shape.qkv_multiscales) {
    types.emplace_back(scales.empty() ? "ResBlock" : "EfficientViTBlock");
  }
  return types;
}

std::string Config(const AutoencoderDcShape& shape) {
  std::vector<Json> scales;
  for (const std::vector<std::int64_t>& of_stage : shape.qkv_multiscales) scales.push_back(JsonList(of_stage));
  return Json::Object({{"_class_name", "AutoencoderDC"},
                       {"_diffusers_version", "0.32.0.dev0"},
                       {"attention_head_dim", shape.attention_head_dim},
                       {"decoder_act_fns", "silu"},
                       {"decoder_block_out_channels", JsonList(shape.block_out_channels)},
                       {"decoder_block_types", JsonList(BlockTypes(shape))},
                       {"decoder_layers_per_block", JsonList(shape.decoder_layers_per_block)},
                       {"decoder_norm_types", "rms_norm"},
                       {"decoder_qkv_multiscales", Json::List(scales)},
                       {"downsample_block_type", "Conv"},
                       {"encoder_block_out_channels", JsonList(shape.block_out_channels)},
                       {"encoder_block_types", JsonList(BlockTypes(shape))},
                       {"encoder_layers_per_block", JsonList(shape.encoder_layers_per_block)},
                       {"encoder_qkv_multiscales", Json::List(scales)},
                       {"in_channels", kImageChannels},
                       {"latent_channels", kLatentChannels},
                       {"scaling_factor", 0.41407},
                       {"upsample_block_type", "interpolate"}})
      .file_text();
}

// A kernel without a bias, each output of which sees `in` channels.
void AddKernel(TensorList& list, const std::string& name, std::int64_t out, std::int64_t in, std::int64_t side) {
  list.Tensor(name + ".weight", {out, in, side, side}, 1 / std::sqrt(static_cast<double>(in * side * side)));
}

void AddResBlock(TensorList& list, const std::string& name, std::int64_t width) {
  list.Conv(name + ".conv1", width, width, 3);
  AddKernel(list, name + ".conv2", width, width, 3);
  list.Norm(name + ".norm", width);
}

void AddAttention(TensorList& list, const std::string& name, std::int64_t width, std::int64_t head_dim,
                  const std::vector<std::int64_t>& scales) {
  for (const char* projection : {".to_q", ".to_k", ".to_v"}) list.Matrix(name + projection + ".weight", width, width);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const std::string scale = name + ".to_qkv_multiscale." + std::to_string(i);
    AddKernel(list, scale + ".proj_in", 3 * width, 1, scales[i]);
    AddKernel(list, scale + ".proj_out", 3 * width, head_dim, 1);
  }
  list.Matrix(name + ".to_out.weight", width, width * static_cast<std::int64_t>(1 + scales.size()));
  list.Norm(name + ".norm_out", width);
}

void AddGatedConvolution(TensorList& list, const std::string& name, std::int64_t width) {
  const std::int64_t wide = 2 * kWidening * width;
  list.Conv(name + ".conv_inverted", wide, width, 1);
  list.Conv(name + ".conv_depth", wide, 1, 3);
  AddKernel(list, name + ".conv_point", width, wide / 2, 1);
  list.Norm(name + ".norm", width);
}

// The blocks of a stage, the first of them at `place` of its sequence.
void AddBlocks(TensorList& list, const std::string& name, const AutoencoderDcShape& shape, std::size_t stage, std::int64_t layers,
               std::int64_t place) {
  const std::int64_t width = shape.block_out_channels[stage];
  const std::vector<std::int64_t>& scales = shape.qkv_multiscales[stage];
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string block = name + "." + std::to_string(place + i);
    if (scales.empty()) {
      AddResBlock(list, block, width);
      continue;
    }
    AddAttention(list, block + ".attn", width, shape.attention_head_dim, scales);
    AddGatedConvolution(list, block + ".conv_out", width);
  }
}

void AddEncoder(TensorList& list, const AutoencoderDcShape& shape) {
  const std::vector<std::int64_t>& widths = shape.block_out_channels;
  list.Conv("encoder.conv_in", widths.front(), kImageChannels, 3);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string stage = "encoder.down_blocks." + std::to_string(i);
    const std::int64_t layers = shape.encoder_layers_per_block[i];
    AddBlocks(list, stage, shape, i, layers, 0);
    if (i + 1 < widths.size()) list.Conv(stage + "." + std::to_string(layers) + ".conv", widths[i + 1], widths[i], 3);
  }
  list.Conv("encoder.conv_out", kLatentChannels, widths.back(), 3);
}

void AddDecoder(TensorList& list, const AutoencoderDcShape& shape) {
  const std::vector<std::int64_t>& widths = shape.block_out_channels;
  list.Conv("decoder.conv_in", widths.back(), kLatentChannels, 3);
  for (std::size_t i = widths.size(); i-- > 0;) {
    const std::string stage = "decoder.up_blocks." + std::to_string(i);
    const bool upsamples = i + 1 < widths.size();
    if (upsamples) list.Conv(stage + ".0.conv", widths[i], widths[i + 1], 3);
    AddBlocks(list, stage, shape, i, shape.decoder_layers_per_block[i], upsamples ? 1 : 0);
  }
  list.Norm("decoder.norm_out", widths.front());
  list.Conv("decoder.conv_out", kImageChannels, widths.front(), 3);
}

std::vector<RandomTensor> Tensors(const AutoencoderDcShape& shape) {
  TensorList list;
  AddEncoder(list, shape);
  AddDecoder(list, shape);
  return std::move(list).Take();
}

}  // namespace

ComponentPlan PlanAutoencoderDc(const AutoencoderDcShape& shape) {
  return {.name = "vae",
          .library = "diffusers",
          .class_name = "AutoencoderDC",
          .files = {{"config.json", Config(shape)}},
          .tensors = Tensors(shape),
          .stem = "diffusion_pytorch_model"};
}

}  // namespace stampd::tools
