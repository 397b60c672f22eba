#include "engine/models/pixart/transformer.h"

#include <string>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/models/pixart/position_table.h"
#include "engine/models/pixart/text_context.h"
#include "engine/ops/modulation.h"
#include "engine/ops/patches.h"

namespace stampd::models {
namespace pixart {
namespace {

constexpr int kPixelsPerLatent = 8;     // of the VAE that all PixArt networks were trained behind
constexpr double kFinalNormEps = 1e-6;  // not the config's norm_eps, which is the blocks'

std::string Show(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

std::vector<ops::Segment> SegmentsOf(std::span<const DenoiserRow> rows) {
  std::vector<ops::Segment> segments;
  std::int64_t first = 0;
  for (const DenoiserRow& row : rows) {
    segments.push_back({first, row.layout->grid().tokens(), row.layout});
    first += segments.back().tokens;
  }
  return segments;
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
      patch_embedding_(layers::LoadPatchLinear(layers::WeightScope(weights) / "pos_embed" / "proj", config.in_channels,
                                               config.patch_size, config.width())),
      conditioning_(layers::WeightScope(weights) / "adaln_single", config, device),
      blocks_(LoadBlocks(layers::WeightScope(weights) / "transformer_blocks", config)),
      scale_shift_table_(weights.Take("scale_shift_table", {2, config.width()})),
      project_out_(layers::LoadLinear(layers::WeightScope(weights), {"proj_out"}, config.width(),
                                      config.patch_size * config.patch_size * config.out_channels)) {
  if (config.caption_channels) {
    text_projection_.emplace(layers::WeightScope(weights) / "caption_projection", *config.caption_channels, config.width());
  }
  if (weights.quantization() != nullptr && weights.quantization()->recipe != nullptr) recipe_ = *weights.quantization()->recipe;
  footprint_ = {weights.parameters(), weights.resident_bytes()};
}

std::shared_ptr<const TextContext> Transformer::PrepareText(const torch::Tensor& embeddings) const {
  const at::NoGradGuard no_grad;
  if (embeddings.dim() != 2 || embeddings.size(0) == 0 || embeddings.size(1) != text_width()) {
    throw BadRequest("embeddings", "[pixart] expected [tokens, " + std::to_string(text_width()) + "], found " + Show(embeddings));
  }
  torch::Tensor text = embeddings.to(device_, dtype_).contiguous();
  if (text_projection_) text = text_projection_->Forward(text);
  std::vector<layers::KeysAndValues> prepared;
  for (const Block& block : blocks_) prepared.push_back(block.PrepareText(text));
  return std::make_shared<PixArtText>(std::move(prepared));
}

TokenLayout Transformer::Layout(int latent_height, int latent_width) const {
  const int patch = config_.patch_size;
  if (latent_height < patch || latent_width < patch || latent_height % patch != 0 || latent_width % patch != 0) {
    throw BadRequest("latent", "[pixart] expected sides that divide by " + std::to_string(patch) + ", found " +
                                   std::to_string(latent_height) + "x" + std::to_string(latent_width));
  }
  const Grid grid{latent_height / patch, latent_width / patch};
  return TokenLayout::Tiled(grid, recipe_.SideFor(grid.tokens()));
}

void Transformer::CheckRow(const DenoiserRow& row) const {
  if (row.layout == nullptr || dynamic_cast<const PixArtText*>(row.text) == nullptr) {
    throw BadRequest("row", "[pixart] expected a layout and a text that were made by this network");
  }
  const auto [height, width] = row.layout->grid();
  const std::vector<std::int64_t> expected = {config_.in_channels, height * config_.patch_size, width * config_.patch_size};
  if (row.latent.sizes() == at::IntArrayRef(expected)) return;
  std::ostringstream text;
  text << "[pixart] expected " << at::IntArrayRef(expected) << " for its layout, found " << row.latent.sizes();
  throw BadRequest("latent", text.str());
}

std::vector<torch::Tensor> Transformer::Forward(std::span<const DenoiserRow> rows) const {
  const at::NoGradGuard no_grad;
  if (rows.empty()) return {};
  std::vector<torch::Tensor> tokens, embeddings, modulations;
  for (const DenoiserRow& row : rows) {
    CheckRow(row);
    tokens.push_back(Embed(row));
    Condition condition = ConditionOf(row);
    embeddings.push_back(std::move(condition.embedding));
    modulations.push_back(std::move(condition.modulation));
  }
  const std::vector<ops::Segment> segments = SegmentsOf(rows);
  torch::Tensor x = ops::Pack(tokens);
  RunBlocks(x, segments, rows, at::stack(modulations));
  const torch::Tensor patches = Project(x, segments, at::stack(embeddings));

  std::vector<torch::Tensor> predictions;
  for (const ops::Segment& segment : segments) {
    predictions.push_back(ops::Unpatchify(ops::RowsOf(patches, segment), *segment.layout, config_.patch_size));
  }
  return predictions;
}

torch::Tensor Transformer::Embed(const DenoiserRow& row) const {
  const torch::Tensor patches = ops::Patchify(row.latent.to(device_, dtype_), *row.layout, config_.patch_size);
  const torch::Tensor table =
      PositionTable(*row.layout, config_.width(), config_.sample_size / config_.patch_size, config_.interpolation_scale);
  return (patch_embedding_->Forward(patches) + table.to(device_)).to(dtype_);
}

Condition Transformer::ConditionOf(const DenoiserRow& row) const {
  const auto pixels = [](std::int64_t latents) { return static_cast<int>(latents) * kPixelsPerLatent; };
  return conditioning_.Forward(row.timestep, pixels(row.latent.size(1)), pixels(row.latent.size(2)));
}

void Transformer::RunBlocks(torch::Tensor& x, ops::Segments segments, std::span<const DenoiserRow> rows,
                            const torch::Tensor& modulation) const {
  std::vector<const layers::KeysAndValues*> texts(rows.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    for (std::size_t r = 0; r < rows.size(); ++r) texts[r] = &static_cast<const PixArtText*>(rows[r].text)->block(i);
    blocks_[i].Forward(x, segments, modulation, texts);
  }
}

torch::Tensor Transformer::Project(const torch::Tensor& x, ops::Segments segments, const torch::Tensor& embeddings) const {
  const torch::Tensor shift = embeddings + scale_shift_table_[0];
  const torch::Tensor scale = embeddings + scale_shift_table_[1];
  return project_out_->ForwardNormed(x, segments, {shift, scale, kFinalNormEps});
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
  if (quantization != nullptr && quantization->recipe != nullptr) quantization->recipe->CheckLayers(weights.image_linears());
  return network;
}

}  // namespace stampd::models
