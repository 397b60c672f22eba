#include "engine/models/latent_preview.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace stampd::models {
namespace {

// Enough for the map to be determined, a few times over, by colours of whole pictures as well; and no more pixels than that takes,
// because the first preview waits for them.
std::uint64_t PicturesFor(const Autoencoder& autoencoder) {
  return static_cast<std::uint64_t>(std::max(4, autoencoder.latent_channels() / 4));
}

// In latents: 128 pixels.
std::int64_t SideFor(const Autoencoder& autoencoder) { return std::clamp<std::int64_t>(128 / autoencoder.factor(), 4, 16); }

// About as a denoised latent is: unit variance in all, each picture with a colour of its own and areas that differ from it.
torch::Tensor SmoothLatent(std::int64_t channels, std::int64_t side, std::uint64_t seed) {
  at::Generator random = at::make_generator<at::CPUGeneratorImpl>(seed);
  const torch::Tensor colour = at::randn({1, channels, 1, 1}, random);
  const torch::Tensor areas = at::randn({1, channels, 4, 4}, random);
  const torch::Tensor fine = at::randn({1, channels, side, side}, random);
  return (0.6 * colour + 0.7 * at::upsample_bicubic2d(areas, {side, side}, /*align_corners=*/false) + 0.3 * fine)[0];
}

// [channels, height, width] to one row per pixel.
torch::Tensor Rows(const torch::Tensor& x) { return x.to(torch::kCPU, torch::kFloat64).flatten(1).t(); }

}  // namespace

torch::Tensor LatentPreview::ToRgb(const torch::Tensor& latent) const {
  const at::NoGradGuard no_grad;
  std::call_once(fitted_, [this] { Fit(); });
  const torch::Tensor pixels = at::matmul(matrix_.to(latent.device()), latent.to(torch::kFloat32).flatten(1));
  return pixels.unflatten(1, latent.sizes().slice(1)).add_(offset_.to(latent.device())).clamp_(-1, 1);
}

void LatentPreview::Fit() const {
  const std::int64_t side = SideFor(autoencoder_);
  std::vector<torch::Tensor> latents;
  std::vector<torch::Tensor> colours;
  for (std::uint64_t seed = 0; seed < PicturesFor(autoencoder_); ++seed) {
    const torch::Tensor latent = SmoothLatent(autoencoder_.latent_channels(), side, seed);
    const torch::Tensor pixels = autoencoder_.Decode(latent).to(torch::kFloat32);
    latents.push_back(Rows(latent));
    colours.push_back(Rows(at::adaptive_avg_pool2d(pixels, {side, side})));
  }
  const torch::Tensor known = at::constant_pad_nd(at::cat(latents), {0, 1}, 1);  // a column of ones, for the offset
  const torch::Tensor solution = std::get<0>(at::linalg_lstsq(known, at::cat(colours))).t().to(torch::kFloat32);
  matrix_ = solution.narrow(1, 0, solution.size(1) - 1).contiguous();
  offset_ = solution.select(1, solution.size(1) - 1).reshape({3, 1, 1});
}

}  // namespace stampd::models
