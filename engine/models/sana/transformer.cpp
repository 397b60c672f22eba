#include "engine/models/sana/transformer.h"

#include <optional>

#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/models/dit/prepared_text.h"

namespace stampd::models {
namespace sana {
namespace {

std::optional<dit::Positions> PositionsOf(const SanaConfig& config) {
  if (!config.interpolation_scale) return {};
  return dit::Positions{config.sample_size / config.patch_size, *config.interpolation_scale};
}

std::vector<Block> LoadBlocks(const layers::WeightScope& scope, const SanaConfig& config) {
  std::vector<Block> blocks;
  for (int i = 0; i < config.layers; ++i) blocks.emplace_back(scope / i, config);
  return blocks;
}

}  // namespace

Transformer::Transformer(const SanaConfig& config, layers::Weights& weights, torch::Device device)
    : config_(config),
      dtype_(weights.dtype()),
      device_(device),
      patch_embedding_(layers::WeightScope(weights) / "patch_embed", config.in_channels, config.patch_size, config.width(),
                       PositionsOf(config), device),
      conditioning_(layers::WeightScope(weights) / "time_embed", config, device),
      text_projection_(layers::WeightScope(weights) / "caption_projection", config.caption_channels, config.width()),
      text_norm_{.weight = weights.Take("caption_norm.weight", {config.width()})},
      blocks_(LoadBlocks(layers::WeightScope(weights) / "transformer_blocks", config)),
      final_layer_(layers::WeightScope(weights), config.width(), config.patch_size, config.out_channels) {
  if (weights.quantization() != nullptr && weights.quantization()->recipe != nullptr) recipe_ = *weights.quantization()->recipe;
  footprint_ = {weights.parameters(), weights.resident_bytes()};
}

std::shared_ptr<const TextContext> Transformer::PrepareText(const torch::Tensor& embeddings) const {
  const at::NoGradGuard no_grad;
  dit::CheckEmbeddings(intake(), embeddings);
  const torch::Tensor text = text_projection_.Forward(embeddings.to(device_, dtype_).contiguous());
  ops::Normalize(text, text_norm_);
  std::vector<layers::KeysAndValues> prepared;
  for (const Block& block : blocks_) prepared.push_back(block.PrepareText(text));
  return std::make_shared<dit::PreparedText>(std::move(prepared), embeddings.scalar_type());
}

TokenLayout Transformer::Layout(int latent_height, int latent_width) const {
  return dit::LayoutOf(intake(), latent_height, latent_width, recipe_);
}

std::vector<torch::Tensor> Transformer::Forward(std::span<const DenoiserRow> rows) const {
  const at::NoGradGuard no_grad;
  if (rows.empty()) return {};
  std::vector<torch::Tensor> tokens, embeddings, modulations;
  for (const DenoiserRow& row : rows) {
    dit::CheckRow(intake(), row);
    tokens.push_back(patch_embedding_.Forward(row.latent, *row.layout));
    const auto guidance_dtype = static_cast<const dit::PreparedText*>(row.text)->embeddings_dtype();
    dit::Condition condition = conditioning_.Forward(row.timestep, row.guidance, guidance_dtype);
    embeddings.push_back(std::move(condition.embedding));
    modulations.push_back(std::move(condition.modulation));
  }
  const std::vector<ops::Segment> segments = dit::SegmentsOf(rows);
  const torch::Tensor modulation = at::stack(modulations);
  torch::Tensor x = ops::Pack(tokens);
  for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].Forward(x, segments, modulation, dit::TextsOf(rows, i));
  return final_layer_.Forward(x, segments, at::stack(embeddings));
}

}  // namespace sana

std::unique_ptr<Denoiser> LoadSanaTransformer(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                              const layers::Quantization* quantization) {
  const at::NoGradGuard no_grad;
  const io::Config json = io::Config::Read(folder / "config.json");
  layers::Weights weights(io::TensorArchive::Open(folder, "diffusion_pytorch_model"), dtype, device, quantization);
  auto network = std::make_unique<sana::Transformer>(sana::ReadConfig(json), weights, device);
  weights.CheckAllTaken();
  return network;
}

}  // namespace stampd::models
