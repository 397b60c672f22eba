#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <torch/types.h>

#include "engine/layers/quantization.h"
#include "engine/layers/text_projection.h"
#include "engine/models/dit/condition.h"
#include "engine/models/dit/final_layer.h"
#include "engine/models/dit/patch_embedding.h"
#include "engine/models/dit/rows.h"
#include "engine/models/networks.h"
#include "engine/models/sana/block.h"
#include "engine/models/sana/conditioning.h"
#include "engine/models/sana/config.h"
#include "engine/ops/rms_norm.h"
#include "engine/quant/recipe.h"

namespace stampd::models {

/// diffusers' SanaTransformer2DModel from a component folder (config.json and diffusion_pytorch_model.safetensors): SANA, SANA-1.5
/// and SANA-Sprint. Broken, naming file, key or tensor, expected and found, if it is none or is one of a kind that is not
/// supported.
std::unique_ptr<Denoiser> LoadSanaTransformer(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                              const layers::Quantization* quantization = nullptr);

namespace sana {

class Transformer final : public Denoiser {
 public:
  /// Takes all its tensors from `weights`.
  Transformer(const SanaConfig& config, layers::Weights& weights, torch::Device device);

  Footprint footprint() const override { return footprint_; }
  int latent_channels() const override { return config_.in_channels; }
  int out_channels() const override { return config_.out_channels; }
  int sample_size() const override { return config_.sample_size; }
  int patch_size() const override { return config_.patch_size; }
  int text_width() const override { return static_cast<int>(config_.caption_channels); }
  torch::ScalarType dtype() const override { return dtype_; }
  bool embeds_guidance() const override { return config_.guidance_embeds; }

  std::shared_ptr<const TextContext> PrepareText(const torch::Tensor& embeddings) const override;
  TokenLayout Layout(int latent_height, int latent_width) const override;
  std::vector<torch::Tensor> Forward(std::span<const DenoiserRow> rows) const override;

 private:
  dit::Intake intake() const { return {"sana", config_.in_channels, config_.patch_size, config_.caption_channels}; }

  SanaConfig config_;
  torch::ScalarType dtype_;
  torch::Device device_;
  dit::PatchEmbedding patch_embedding_;
  Conditioning conditioning_;
  layers::TextProjection text_projection_;
  ops::RmsNorm text_norm_;
  std::vector<Block> blocks_;
  quant::Recipe recipe_;  // of which the tiles' sides count here
  dit::FinalLayer final_layer_;
  Footprint footprint_;
};

}  // namespace sana
}  // namespace stampd::models
