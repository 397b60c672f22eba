#include "engine/models/latent_preview.h"

#include <atomic>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "engine/models/autoencoder_dc/model.h"
#include "engine/models/autoencoder_kl/model.h"
#include "tests/golden.h"

namespace stampd::models {
namespace {

constexpr int kFactor = 4;

// Decodes every latent to a block of pixels of one colour, by a linear map that the test knows.
class LinearAutoencoder final : public Autoencoder {
 public:
  Footprint footprint() const override { return {}; }
  int latent_channels() const override { return 5; }
  int factor() const override { return kFactor; }
  double scaling_factor() const override { return 1; }
  torch::ScalarType dtype() const override { return torch::kFloat32; }
  torch::Tensor Decode(const torch::Tensor& latent) const override {
    ++decodes;
    const torch::Tensor colours = Colours(latent).unsqueeze(0);
    return at::upsample_nearest2d(colours, {latent.size(1) * kFactor, latent.size(2) * kFactor})[0];
  }

  static torch::Tensor Colours(const torch::Tensor& latent) {
    const torch::Tensor matrix = at::arange(-7, 8, torch::kFloat32).reshape({3, 5}) / 50;
    const torch::Tensor offset = at::arange(3, torch::kFloat32).reshape({3, 1, 1}) / 10;
    return at::matmul(matrix, latent.flatten(1)).reshape({3, latent.size(1), latent.size(2)}) + offset;
  }

  mutable std::atomic<int> decodes = 0;
};

double Correlation(const torch::Tensor& a, const torch::Tensor& b) {
  return at::corrcoef(at::stack({a.flatten(), b.flatten()}))[0][1].item<double>();
}

torch::Tensor Ramp(int channels) { return at::linspace(-1, 1, channels * 6 * 9).reshape({channels, 6, 9}); }

TEST(LatentPreviewTest, ALinearDecoderIsFoundExactly) {
  const LinearAutoencoder autoencoder;
  const torch::Tensor latent = Ramp(5);
  testing::ExpectClose(LatentPreview(autoencoder).ToRgb(latent), LinearAutoencoder::Colours(latent), 1e-5);
}

TEST(LatentPreviewTest, ColoursStayInRange) {
  const LinearAutoencoder autoencoder;
  const torch::Tensor pixels = LatentPreview(autoencoder).ToRgb(100 * Ramp(5));
  EXPECT_EQ(pixels.min().item<float>(), -1);
  EXPECT_EQ(pixels.max().item<float>(), 1);
}

TEST(LatentPreviewTest, IsFittedOnceAndOnlyWhenUsed) {
  const LinearAutoencoder autoencoder;
  const LatentPreview preview(autoencoder);
  EXPECT_EQ(autoencoder.decodes, 0);
  preview.ToRgb(Ramp(5));
  const int decodes = autoencoder.decodes;
  EXPECT_GT(decodes, 0);
  preview.ToRgb(Ramp(5));
  EXPECT_EQ(autoencoder.decodes, decodes);
}

TEST(LatentPreviewTest, ThreadsThatComeFirstTogetherSeeTheSame) {
  const LinearAutoencoder once;
  LatentPreview(once).ToRgb(Ramp(5));
  const LinearAutoencoder autoencoder;
  const LatentPreview preview(autoencoder);
  std::vector<torch::Tensor> seen(4);
  std::vector<std::thread> threads;
  for (torch::Tensor& pixels : seen) threads.emplace_back([&] { pixels = preview.ToRgb(Ramp(5)); });
  for (std::thread& thread : threads) thread.join();
  for (const torch::Tensor& pixels : seen) EXPECT_TRUE(at::equal(pixels, seen[0]));
  EXPECT_EQ(autoencoder.decodes, once.decodes);
}

class LatentPreviewOfNetworkTest : public ::testing::Test {
 protected:
  // How much the preview of latents with their channels rotated by `shift` resembles what the network paints of them unrotated.
  double MeanResemblance(int shift) const {
    double sum = 0;
    for (std::uint64_t seed = 100; seed < 100 + kPictures; ++seed) {
      at::Generator random = at::make_generator<at::CPUGeneratorImpl>(seed);
      const torch::Tensor latent = at::upsample_bicubic2d(at::randn({1, 4, 4, 5}, random), {15, 19}, /*align_corners=*/false)[0];
      const torch::Tensor painted = at::adaptive_avg_pool2d(autoencoder_->Decode(latent), latent.sizes().slice(1));
      sum += Correlation(preview_.ToRgb(latent.roll(shift, 0)), painted);
    }
    return sum / kPictures;
  }

  static constexpr int kPictures = 6;
  std::unique_ptr<Autoencoder> autoencoder_ = LoadAutoencoderKL("tests/data/autoencoder_kl_variant", torch::kFloat32, torch::kCPU);
  LatentPreview preview_{*autoencoder_};
};

TEST_F(LatentPreviewOfNetworkTest, ResemblesWhatTheNetworkPaintsAndAShuffledMapDoesNot) {
  const double fitted = MeanResemblance(0);
  EXPECT_GT(fitted, 0.7);
  for (int shift = 1; shift < 4; ++shift) EXPECT_GT(fitted, MeanResemblance(shift) + 0.15) << "channels rotated by " << shift;
}

TEST_F(LatentPreviewOfNetworkTest, IsTheSameEveryTime) {
  EXPECT_TRUE(at::equal(preview_.ToRgb(Ramp(4)), LatentPreview(*autoencoder_).ToRgb(Ramp(4))));
}

// 32 channels and 32 pixels a latent; a latent as it is in use, encoded from a picture.
TEST(LatentPreviewOfDemoTest, ResemblesThePictureThatWasEncoded) {
  const auto autoencoder = LoadAutoencoderDC("demo/sana-shapes/vae", torch::kFloat32, torch::kCPU);
  const LatentPreview preview(*autoencoder);
  const torch::Tensor latent = testing::Golden("demo/sana-shapes/vae/golden")["drawn.latent"];
  const torch::Tensor painted = at::adaptive_avg_pool2d(autoencoder->Decode(latent), latent.sizes().slice(1));
  const double fitted = Correlation(preview.ToRgb(latent), painted);
  EXPECT_GT(fitted, 0.8);
  for (int shift = 1; shift < 32; ++shift) EXPECT_GT(fitted, Correlation(preview.ToRgb(latent.roll(shift, 0)), painted) + 0.2);
}

}  // namespace
}  // namespace stampd::models
