#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

constexpr std::int64_t kImageChannels = 3;
constexpr std::int64_t kLatentChannels = 4;
constexpr double kIntoResidual = 0.5;
constexpr double kFromLatent = 0.1;  // a random denoiser's latents end up in the hundreds; fp16 must hold what becomes of them

std::string Config(const AutoencoderKlShape& shape) {
  const std::size_t blocks = shape.block_out_channels.size();
  return Json::Object({{"_class_name", "AutoencoderKL"},
                       {"_diffusers_version", "0.29.0"},
                       {"act_fn", "silu"},
                       {"block_out_channels", JsonList(shape.block_out_channels)},
                       {"down_block_types", JsonList(std::vector<std::string>(blocks, "DownEncoderBlock2D"))},
                       {"force_upcast", false},
                       {"in_channels", kImageChannels},
                       {"latent_channels", kLatentChannels},
                       {"layers_per_block", shape.layers_per_block},
                       {"norm_num_groups", shape.norm_num_groups},
                       {"out_channels", kImageChannels},
                       {"sample_size", shape.sample_size},
                       {"scaling_factor", 0.13025},
                       {"up_block_types", JsonList(std::vector<std::string>(blocks, "UpDecoderBlock2D"))}})
      .file_text();
}

void AddResnet(TensorList& list, const std::string& name, std::int64_t in, std::int64_t out) {
  list.Norm(name + ".norm1", in);
  list.Conv(name + ".conv1", out, in, 3);
  list.Norm(name + ".norm2", out);
  list.Conv(name + ".conv2", out, out, 3, kIntoResidual);
  if (in != out) list.Conv(name + ".conv_shortcut", out, in, 1);
}

void AddMiddle(TensorList& list, const std::string& name, std::int64_t width) {
  AddResnet(list, name + ".resnets.0", width, width);
  const std::string attention = name + ".attentions.0";
  list.Norm(attention + ".group_norm", width);
  for (const char* projection : {".to_q", ".to_k", ".to_v"}) list.Linear(attention + projection, width, width);
  list.Linear(attention + ".to_out.0", width, width, kIntoResidual);
  AddResnet(list, name + ".resnets.1", width, width);
}

// One level of either half: resnets, and between levels the change of resolution.
void AddLevel(TensorList& list, const std::string& name, std::int64_t resnets, std::int64_t in, std::int64_t out,
              const std::string& resampler) {
  for (std::int64_t i = 0; i < resnets; ++i) AddResnet(list, name + ".resnets." + std::to_string(i), i == 0 ? in : out, out);
  if (!resampler.empty()) list.Conv(name + resampler, out, out, 3);
}

void AddEncoder(TensorList& list, const AutoencoderKlShape& shape) {
  const std::vector<std::int64_t>& widths = shape.block_out_channels;
  list.Conv("encoder.conv_in", widths.front(), kImageChannels, 3);
  std::int64_t width = widths.front();
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const bool last = i + 1 == widths.size();
    AddLevel(list, "encoder.down_blocks." + std::to_string(i), shape.layers_per_block, width, widths[i],
             last ? "" : ".downsamplers.0.conv");
    width = widths[i];
  }
  AddMiddle(list, "encoder.mid_block", width);
  list.Norm("encoder.conv_norm_out", width);
  list.Conv("encoder.conv_out", 2 * kLatentChannels, width, 3);
  list.Conv("quant_conv", 2 * kLatentChannels, 2 * kLatentChannels, 1);
}

void AddDecoder(TensorList& list, const AutoencoderKlShape& shape) {
  const std::vector<std::int64_t> widths(shape.block_out_channels.rbegin(), shape.block_out_channels.rend());
  list.Conv("post_quant_conv", kLatentChannels, kLatentChannels, 1);
  list.Conv("decoder.conv_in", widths.front(), kLatentChannels, 3, kFromLatent);
  std::int64_t width = widths.front();
  AddMiddle(list, "decoder.mid_block", width);
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const bool last = i + 1 == widths.size();
    AddLevel(list, "decoder.up_blocks." + std::to_string(i), shape.layers_per_block + 1, width, widths[i],
             last ? "" : ".upsamplers.0.conv");
    width = widths[i];
  }
  list.Norm("decoder.conv_norm_out", width);
  list.Conv("decoder.conv_out", kImageChannels, width, 3);
}

std::vector<RandomTensor> Tensors(const AutoencoderKlShape& shape) {
  TensorList list;
  AddEncoder(list, shape);
  AddDecoder(list, shape);
  return std::move(list).Take();
}

}  // namespace

ComponentPlan PlanAutoencoderKl(const AutoencoderKlShape& shape) {
  return {.name = "vae",
          .library = "diffusers",
          .class_name = "AutoencoderKL",
          .files = {{"config.json", Config(shape)}},
          .tensors = Tensors(shape),
          .stem = "diffusion_pytorch_model"};
}

}  // namespace stampd::tools
