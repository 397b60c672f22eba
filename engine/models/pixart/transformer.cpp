#include "engine/models/pixart/transformer.h"

#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/models/dit/prepared_text.h"

namespace stampd::models {
namespace pixart {
namespace {

constexpr int kPixelsPerLatent = 8;  // of the VAE that all PixArt networks were trained behind

dit::Positions PositionsOf(const PixArtConfig& config) {
  return {config.sample_size / config.patch_size, config.interpolation_scale};
}

std::vector<Block> LoadBlocks(const layers::WeightScope& scope, const PixArtConfig& config) {
  std::vector<Block> blocks;
  for (int i = 0; i < config.layers; ++i) blocks.emplace_back(scope / i, config);
  return blocks;
}

}  // namespace

Transformer::Transformer(const PixArtConfig& config, layers::Weights& weights, torch::Device device)
    : config_(config),
      dtype_(weights.dtype()),
      device_(device),
      patch_embedding_(layers::WeightScope(weights) / "pos_embed", config.in_channels, config.patch_size, config.width(),
                       PositionsOf(config), device),
      conditioning_(layers::WeightScope(weights) / "adaln_single", config, device),
      blocks_(LoadBlocks(layers::WeightScope(weights) / "transformer_blocks", config)),
      final_layer_(layers::WeightScope(weights), config.width(), config.patch_size, config.out_channels) {
  if (config.caption_channels) {
    text_projection_.emplace(layers::WeightScope(weights) / "caption_projection", *config.caption_channels, config.width());
  }
  if (weights.quantization() != nullptr && weights.quantization()->recipe != nullptr) recipe_ = *weights.quantization()->recipe;
  footprint_ = {weights.parameters(), weights.resident_bytes()};
}

std::shared_ptr<const TextContext> Transformer::PrepareText(const torch::Tensor& embeddings) const {
  const at::NoGradGuard no_grad;
  dit::CheckEmbeddings(intake(), embeddings);
  torch::Tensor text = embeddings.to(device_, dtype_).contiguous();
  if (text_projection_) text = text_projection_->Forward(text);
  std::vector<layers::KeysAndValues> prepared;
  for (const Block& block : blocks_) prepared.push_back(block.PrepareText(text));
  return std::make_shared<dit::PreparedText>(std::move(prepared), embeddings.scalar_type());
}

TokenLayout Transformer::Layout(int latent_height, int latent_width) const {
  return dit::LayoutOf(intake(), latent_height, latent_width, recipe_);
}

dit::Condition Transformer::ConditionOf(const DenoiserRow& row) const {
  const auto pixels = [](std::int64_t latents) { return static_cast<int>(latents) * kPixelsPerLatent; };
  return conditioning_.Forward(row.timestep, pixels(row.latent.size(1)), pixels(row.latent.size(2)));
}

std::vector<torch::Tensor> Transformer::Forward(std::span<const DenoiserRow> rows) const {
  const at::NoGradGuard no_grad;
  if (rows.empty()) return {};
  std::vector<torch::Tensor> tokens, embeddings, modulations;
  for (const DenoiserRow& row : rows) {
    dit::CheckRow(intake(), row);
    tokens.push_back(patch_embedding_.Forward(row.latent, *row.layout));
    dit::Condition condition = ConditionOf(row);
    embeddings.push_back(std::move(condition.embedding));
    modulations.push_back(std::move(condition.modulation));
  }
  const std::vector<ops::Segment> segments = dit::SegmentsOf(rows);
  const torch::Tensor modulation = at::stack(modulations);
  torch::Tensor x = ops::Pack(tokens);
  for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].Forward(x, segments, modulation, dit::TextsOf(rows, i));
  return final_layer_.Forward(x, segments, at::stack(embeddings));
}

}  // namespace pixart

std::unique_ptr<Denoiser> LoadPixArtTransformer(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                                const layers::Quantization* quantization) {
  const at::NoGradGuard no_grad;
  const io::Config json = io::Config::Read(folder / "config.json");
  layers::Weights weights(io::TensorArchive::Open(folder, "diffusion_pytorch_model"), dtype, device, quantization);
  const bool has_size_embedders = weights.Has("adaln_single.emb.resolution_embedder.linear_1.weight");
  auto network = std::make_unique<pixart::Transformer>(pixart::ReadConfig(json, has_size_embedders), weights, device);
  weights.CheckAllTaken();
  return network;
}

}  // namespace stampd::models
