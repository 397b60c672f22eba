#include "engine/models/sana/conditioning.h"

namespace stampd::models::sana {
namespace {

// With guidance diffusers uses another class, without AdaLayerNormSingle's level of names.
layers::WeightScope EmbedderScope(const layers::WeightScope& scope, const SanaConfig& config) {
  return config.guidance_embeds ? scope : scope / "emb";
}

// In the reference's own steps: a tenth of 4.5 in bf16 is 0.44921875.
double Scaled(double guidance, double scale, torch::ScalarType dtype) {
  return at::full({1}, guidance, torch::kFloat32).to(dtype).mul(scale).item<double>();
}

}  // namespace

Conditioning::Conditioning(const layers::WeightScope& scope, const SanaConfig& config, torch::Device device)
    : width_(config.width()),
      timestep_scale_(config.guidance_embeds ? 1.f : static_cast<float>(config.timestep_scale)),
      guidance_scale_(config.guidance_embeds_scale),
      timestep_(EmbedderScope(scope, config) / "timestep_embedder", width_, device),
      linear_(layers::LoadLinear(scope, {"linear"}, width_, 6 * width_)) {
  if (config.guidance_embeds) guidance_.emplace(scope / "guidance_embedder", width_, device);
}

dit::Condition Conditioning::Forward(double timestep, double guidance, torch::ScalarType guidance_dtype) const {
  torch::Tensor embedding = timestep_.Forward(static_cast<float>(timestep) * timestep_scale_);
  if (guidance_) embedding = embedding + guidance_->Forward(Scaled(guidance, guidance_scale_, guidance_dtype));
  const torch::Tensor modulation = linear_->Forward(at::silu(embedding));
  return {embedding.squeeze(0), modulation.reshape({6, width_})};
}

}  // namespace stampd::models::sana
