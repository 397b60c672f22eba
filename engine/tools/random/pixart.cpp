#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

constexpr std::int64_t kLatentChannels = 4;
constexpr std::int64_t kOutChannels = 8;  // noise and variance
constexpr std::int64_t kPatch = 2;
constexpr std::int64_t kSinusoids = 256;
constexpr double kIntoResidual = 0.5;  // keeps the residual stream from growing over the layers
constexpr double kTable = 0.2;
// What predicts noise at random lets the latents grow a hundredfold over the steps; they must not drown the residual stream.
constexpr double kPatchGain = 0.1;

// Released configurations have 0.5 and 2, not 2.0.
Json Scale(double scale) {
  const auto whole = static_cast<std::int64_t>(scale);
  return static_cast<double>(whole) == scale ? Json(whole) : Json(scale);
}

std::string Config(const PixArtShape& shape) {
  const std::int64_t width = shape.num_attention_heads * shape.attention_head_dim;
  return Json::Object({{"_class_name", "Transformer2DModel"},
                       {"_diffusers_version", "0.29.0"},
                       {"activation_fn", "gelu-approximate"},
                       {"attention_bias", true},
                       {"attention_head_dim", shape.attention_head_dim},
                       {"attention_type", "default"},
                       {"caption_channels", shape.caption_channels},
                       {"cross_attention_dim", width},
                       {"double_self_attention", false},
                       {"dropout", 0.0},
                       {"in_channels", kLatentChannels},
                       {"interpolation_scale", Scale(shape.interpolation_scale)},
                       {"norm_elementwise_affine", false},
                       {"norm_eps", 1e-6},
                       {"norm_num_groups", 32},
                       {"norm_type", "ada_norm_single"},
                       {"num_attention_heads", shape.num_attention_heads},
                       {"num_embeds_ada_norm", 1000},
                       {"num_layers", shape.num_layers},
                       {"num_vector_embeds", nullptr},
                       {"only_cross_attention", false},
                       {"out_channels", kOutChannels},
                       {"patch_size", kPatch},
                       {"sample_size", shape.sample_size},
                       {"upcast_attention", false},
                       {"use_additional_conditions", false},
                       {"use_linear_projection", false}})
      .file_text();
}

void AddAttention(TensorList& list, const std::string& name, std::int64_t width) {
  for (const char* projection : {".to_q", ".to_k", ".to_v"}) list.Linear(name + projection, width, width);
  list.Linear(name + ".to_out.0", width, width, kIntoResidual);
}

void AddBlock(TensorList& list, const std::string& name, std::int64_t width) {
  list.Tensor(name + ".scale_shift_table", {6, width}, kTable);
  AddAttention(list, name + ".attn1", width);
  AddAttention(list, name + ".attn2", width);
  list.Linear(name + ".ff.net.0.proj", 4 * width, width);
  list.Linear(name + ".ff.net.2", width, 4 * width, kIntoResidual);
}

std::vector<RandomTensor> Tensors(const PixArtShape& shape) {
  const std::int64_t width = shape.num_attention_heads * shape.attention_head_dim;
  TensorList list;
  list.Conv("pos_embed.proj", width, kLatentChannels, kPatch, kPatchGain);
  list.Linear("adaln_single.emb.timestep_embedder.linear_1", width, kSinusoids);
  list.Linear("adaln_single.emb.timestep_embedder.linear_2", width, width);
  list.Linear("adaln_single.linear", 6 * width, width);
  list.Linear("caption_projection.linear_1", width, shape.caption_channels);
  list.Linear("caption_projection.linear_2", width, width);
  for (std::int64_t i = 0; i < shape.num_layers; ++i) AddBlock(list, "transformer_blocks." + std::to_string(i), width);
  list.Tensor("scale_shift_table", {2, width}, kTable);
  list.Linear("proj_out", kPatch * kPatch * kOutChannels, width);
  return std::move(list).Take();
}

}  // namespace

ComponentPlan PlanPixArt(const PixArtShape& shape) {
  return {.name = "transformer",
          .library = "diffusers",
          .class_name = "Transformer2DModel",
          .files = {{"config.json", Config(shape)}},
          .tensors = Tensors(shape),
          .stem = "diffusion_pytorch_model"};
}

}  // namespace stampd::tools
