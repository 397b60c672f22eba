#include "engine/models/pixart/conditioning.h"

namespace stampd::models::pixart {

Conditioning::Conditioning(const layers::WeightScope& scope, const PixArtConfig& config, torch::Device device)
    : width_(config.width()),
      dtype_(scope.dtype()),
      timestep_(scope / "emb" / "timestep_embedder", width_, device),
      linear_(layers::LoadLinear(scope, {"linear"}, width_, 6 * width_)) {
  if (!config.size_conditions) return;
  resolution_.emplace(scope / "emb" / "resolution_embedder", width_ / 3, device);
  aspect_ratio_.emplace(scope / "emb" / "aspect_ratio_embedder", width_ / 3, device);
}

// The reference hands sizes over in the network's dtype, in which 1080 may be 1080 or not.
torch::Tensor Conditioning::SizeEmbedding(int pixel_height, int pixel_width) const {
  const auto rounded = [&](double value) { return at::scalar_tensor(value, torch::kFloat32).to(dtype_).item<double>(); };
  const double ratio = static_cast<double>(pixel_height) / pixel_width;
  return at::cat({resolution_->Forward(rounded(pixel_height)), resolution_->Forward(rounded(pixel_width)),
                  aspect_ratio_->Forward(rounded(ratio))},
                 1);
}

dit::Condition Conditioning::Forward(double timestep, int pixel_height, int pixel_width) const {
  torch::Tensor embedding = timestep_.Forward(timestep);
  if (resolution_) embedding = embedding + SizeEmbedding(pixel_height, pixel_width);
  const torch::Tensor modulation = linear_->Forward(at::silu(embedding));
  return {embedding.squeeze(0), modulation.reshape({6, width_})};
}

}  // namespace stampd::models::pixart
