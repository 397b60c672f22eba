#include "engine/tools/json.h"
#include "engine/tools/random/networks.h"

namespace stampd::tools {
namespace {

constexpr std::int64_t kLatentChannels = 32;
constexpr std::int64_t kSinusoids = 256;
constexpr double kMlpRatio = 2.5;
constexpr double kIntoResidual = 0.5;  // keeps the residual stream from growing over the layers
constexpr double kTable = 0.2;

std::int64_t Width(const SanaShape& shape) { return shape.num_attention_heads * shape.attention_head_dim; }
std::int64_t CrossWidth(const SanaShape& shape) { return shape.num_cross_attention_heads * shape.cross_attention_head_dim; }
std::int64_t Hidden(const SanaShape& shape) { return static_cast<std::int64_t>(kMlpRatio * static_cast<double>(Width(shape))); }

std::string Config(const SanaShape& shape) {
  return Json::Object({{"_class_name", "SanaTransformer2DModel"},
                       {"_diffusers_version", "0.33.0"},
                       {"attention_bias", false},
                       {"attention_head_dim", shape.attention_head_dim},
                       {"caption_channels", shape.caption_channels},
                       {"cross_attention_dim", Width(shape)},
                       {"cross_attention_head_dim", shape.cross_attention_head_dim},
                       {"dropout", 0.0},
                       {"guidance_embeds", shape.guidance_embeds},
                       {"guidance_embeds_scale", 0.1},
                       {"in_channels", kLatentChannels},
                       {"interpolation_scale", shape.interpolation_scale ? Json(*shape.interpolation_scale) : Json(nullptr)},
                       {"mlp_ratio", kMlpRatio},
                       {"norm_elementwise_affine", false},
                       {"norm_eps", 1e-6},
                       {"num_attention_heads", shape.num_attention_heads},
                       {"num_cross_attention_heads", shape.num_cross_attention_heads},
                       {"num_layers", shape.num_layers},
                       {"out_channels", kLatentChannels},
                       {"patch_size", 1},
                       {"qk_norm", shape.qk_norm ? Json("rms_norm_across_heads") : Json(nullptr)},
                       {"sample_size", shape.sample_size},
                       {"timestep_scale", 1.0}})
      .file_text();
}

void AddEmbedder(TensorList& list, const std::string& name, std::int64_t width) {
  list.Linear(name + ".linear_1", width, kSinusoids);
  list.Linear(name + ".linear_2", width, width);
}

// Checkpoints that know their guidance scale keep the timestep's embedder one level higher.
void AddTimeEmbedding(TensorList& list, const SanaShape& shape) {
  const std::int64_t width = Width(shape);
  AddEmbedder(list, shape.guidance_embeds ? "time_embed.timestep_embedder" : "time_embed.emb.timestep_embedder", width);
  if (shape.guidance_embeds) AddEmbedder(list, "time_embed.guidance_embedder", width);
  list.Linear("time_embed.linear", 6 * width, width);
}

void AddQueryKeyNorms(TensorList& list, const SanaShape& shape, const std::string& name, std::int64_t inner) {
  if (!shape.qk_norm) return;
  list.Scale(name + ".norm_q", inner);
  list.Scale(name + ".norm_k", inner);
}

void AddSelfAttention(TensorList& list, const SanaShape& shape, const std::string& name) {
  const std::int64_t width = Width(shape);
  for (const char* projection : {".to_q", ".to_k", ".to_v"}) list.Matrix(name + projection + ".weight", width, width);
  AddQueryKeyNorms(list, shape, name, width);
  list.Linear(name + ".to_out.0", width, width, kIntoResidual);
}

void AddCrossAttention(TensorList& list, const SanaShape& shape, const std::string& name) {
  const std::int64_t width = Width(shape), inner = CrossWidth(shape);
  for (const char* projection : {".to_q", ".to_k", ".to_v"}) list.Linear(name + projection, inner, width);
  AddQueryKeyNorms(list, shape, name, inner);
  list.Linear(name + ".to_out.0", width, inner, kIntoResidual);
}

void AddFeedForward(TensorList& list, const SanaShape& shape, const std::string& name) {
  const std::int64_t width = Width(shape), hidden = Hidden(shape);
  list.Conv(name + ".conv_inverted", 2 * hidden, width, 1);
  list.Conv(name + ".conv_depth", 2 * hidden, 1, 3);
  list.Kernel(name + ".conv_point.weight", width, hidden, 1, kIntoResidual);
}

std::vector<RandomTensor> Tensors(const SanaShape& shape) {
  const std::int64_t width = Width(shape);
  TensorList list;
  list.Conv("patch_embed.proj", width, kLatentChannels, 1);
  AddTimeEmbedding(list, shape);
  list.Linear("caption_projection.linear_1", width, shape.caption_channels);
  list.Linear("caption_projection.linear_2", width, width);
  list.Scale("caption_norm", width);
  for (std::int64_t i = 0; i < shape.num_layers; ++i) {
    const std::string block = "transformer_blocks." + std::to_string(i);
    list.Tensor(block + ".scale_shift_table", {6, width}, kTable);
    AddSelfAttention(list, shape, block + ".attn1");
    AddCrossAttention(list, shape, block + ".attn2");
    AddFeedForward(list, shape, block + ".ff");
  }
  list.Tensor("scale_shift_table", {2, width}, kTable);
  list.Linear("proj_out", kLatentChannels, width);
  return std::move(list).Take();
}

}  // namespace

ComponentPlan PlanSana(const SanaShape& shape) {
  return {.name = "transformer",
          .library = "diffusers",
          .class_name = "SanaTransformer2DModel",
          .files = {{"config.json", Config(shape)}},
          .tensors = Tensors(shape),
          .stem = "diffusion_pytorch_model"};
}

}  // namespace stampd::tools
