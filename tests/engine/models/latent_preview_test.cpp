#include "engine/models/latent_preview.h"

#include <gtest/gtest.h>

#include "engine/models/autoencoder_kl/model.h"

namespace stampd::models {
namespace {

const Autoencoder& Tiny() {
  static const auto autoencoder = LoadAutoencoderKL("tests/data/autoencoder_kl", torch::kFloat32, torch::kCPU);
  return *autoencoder;
}

torch::Tensor Latent(int seed) {
  torch::manual_seed(seed);
  const torch::Tensor coarse = torch::randn({1, Tiny().latent_channels(), 3, 4});
  return at::upsample_bilinear2d(coarse, {9, 12}, true)[0];
}

// What the preview stands for: the mean colour of each latent pixel's square.
torch::Tensor MeanColours(const torch::Tensor& latent) {
  const int factor = Tiny().factor();
  return at::avg_pool2d(Tiny().Decode(latent).unsqueeze(0), {factor, factor})[0];
}

double Correlation(const torch::Tensor& a, const torch::Tensor& b) {
  return torch::corrcoef(torch::stack({a.flatten(), b.flatten()}))[0][1].item<double>();
}

TEST(LatentPreviewTest, FollowsTheDecodedColours) {
  const LatentPreview preview(Tiny());
  for (const int seed : {1, 2, 3}) {
    const torch::Tensor latent = Latent(seed), truth = MeanColours(latent);
    const double right = Correlation(preview.ToRgb(latent), truth);
    EXPECT_GT(right, 0.5) << seed;
    EXPECT_GT(right, Correlation(preview.ToRgb(latent.flip(0)), truth) + 0.2) << "latent channels reversed, " << seed;
  }
}

TEST(LatentPreviewTest, IsTheSameEachTime) {
  const torch::Tensor latent = Latent(4);
  EXPECT_TRUE(torch::equal(LatentPreview(Tiny()).ToRgb(latent), LatentPreview(Tiny()).ToRgb(latent)));
}

}  // namespace
}  // namespace stampd::models
