#include "engine/models/latent_preview.h"

#include <ATen/CPUGeneratorImpl.h>

namespace stampd::models {
namespace {

constexpr int kLatents = 6;
constexpr int kSide = 8;        // of a latent that is decoded for the fit
constexpr int kSmoothSide = 3;  // it varies as slowly as this many points across; pictures do, noise does not
constexpr std::uint64_t kSeed = 1;

// Smooth latents of unit variance, as denoised ones nearly have: [kLatents, channels, kSide, kSide].
torch::Tensor SmoothLatents(int channels) {
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  const torch::Tensor coarse = at::randn({kLatents, channels, kSmoothSide, kSmoothSide}, generator, torch::TensorOptions());
  return at::upsample_bilinear2d(coarse, {kSide, kSide}, /*align_corners=*/true);
}

// [channels, height, width] to [height * width, channels + 1], the last column ones.
torch::Tensor Rows(const torch::Tensor& latent) {
  const torch::Tensor rows = latent.to(torch::kCPU, torch::kFloat32).flatten(1).t();
  return at::cat({rows, at::ones({rows.size(0), 1})}, 1);
}

}  // namespace

torch::Tensor LatentPreview::Fit() const {
  std::vector<torch::Tensor> inputs, colours;
  const torch::Tensor latents = SmoothLatents(autoencoder_.latent_channels());
  for (int i = 0; i < kLatents; ++i) {
    const torch::Tensor pixels = autoencoder_.Decode(latents[i].to(autoencoder_.dtype()));
    const int factor = autoencoder_.factor();
    inputs.push_back(Rows(latents[i]));
    colours.push_back(at::avg_pool2d(pixels.to(torch::kCPU, torch::kFloat32).unsqueeze(0), {factor, factor}).flatten(2)[0].t());
  }
  const torch::Tensor x = at::cat(inputs).to(torch::kFloat64), y = at::cat(colours).to(torch::kFloat64);
  return at::linalg_solve(x.t().matmul(x), x.t().matmul(y)).to(torch::kFloat32);
}

torch::Tensor LatentPreview::ToRgb(const torch::Tensor& latent) const {
  std::call_once(fitted_, [this] { map_ = Fit(); });
  return Rows(latent).matmul(map_).t().reshape({3, latent.size(1), latent.size(2)});
}

}  // namespace stampd::models
