#include "engine/models/autoencoder_kl/model.h"

#include <algorithm>
#include <sstream>

#include <ATen/ATen.h>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_kl/config.h"
#include "engine/models/autoencoder_kl/decoder.h"
#include "engine/models/autoencoder_kl/tiling.h"

namespace stampd::models {
namespace autoencoder_kl {
namespace {

class AutoencoderKL final : public Autoencoder {
 public:
  AutoencoderKL(layers::Weights& weights, const AutoencoderKLConfig& config, torch::Device device,
                const AutoencoderKLOptions& options)
      : config_(config),
        tensors_(torch::TensorOptions(device).dtype(weights.dtype())),
        untiled_side_(options.untiled_side),
        tiling_(Tiling::ForSampleSize(config.sample_size, config.factor())),
        decoder_(layers::WeightScope(weights), config),
        footprint_{weights.parameters(), weights.resident_bytes()} {}

  Footprint footprint() const override { return footprint_; }
  int latent_channels() const override { return static_cast<int>(config_.latent_channels); }
  int factor() const override { return static_cast<int>(config_.factor()); }
  double scaling_factor() const override { return config_.scaling_factor; }
  torch::ScalarType dtype() const override { return c10::typeMetaToScalarType(tensors_.dtype()); }

  torch::Tensor Decode(const torch::Tensor& latent) const override {
    const at::NoGradGuard no_grad;
    CheckShape(latent);
    const torch::Tensor z = latent.to(tensors_).div(config_.scaling_factor).add_(config_.shift_factor).unsqueeze(0);
    const auto decode = [this](const torch::Tensor& part) { return decoder_.Forward(part); };
    const bool in_one_piece = std::max(z.size(2), z.size(3)) <= untiled_side_;
    return (in_one_piece ? decode(z) : DecodeTiled(z, tiling_, decode)).squeeze(0).contiguous();
  }

 private:
  void CheckShape(const torch::Tensor& latent) const;

  AutoencoderKLConfig config_;
  torch::TensorOptions tensors_;
  std::int64_t untiled_side_;
  Tiling tiling_;
  Decoder decoder_;
  Footprint footprint_;
};

void AutoencoderKL::CheckShape(const torch::Tensor& latent) const {
  if (latent.dim() == 3 && latent.size(0) == config_.latent_channels && latent.numel() > 0) return;
  std::ostringstream text;
  text << "[autoencoder_kl] expected a latent [" << config_.latent_channels << ", height, width], found " << latent.sizes();
  throw Broken(text.str());
}

}  // namespace
}  // namespace autoencoder_kl

std::unique_ptr<Autoencoder> LoadAutoencoderKL(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const AutoencoderKLOptions& options) {
  const at::NoGradGuard no_grad;
  const auto config = autoencoder_kl::ReadConfig(io::Config::Read(folder / "config.json"));
  if (dtype == torch::kFloat16 && config.force_upcast) dtype = torch::kFloat32;
  layers::Weights weights(io::TensorArchive::Open(folder, "diffusion_pytorch_model"), dtype, device);
  weights.Ignore("encoder.");
  weights.Ignore("quant_conv.");
  auto autoencoder = std::make_unique<autoencoder_kl::AutoencoderKL>(weights, config, device, options);
  weights.CheckAllTaken();
  return autoencoder;
}

}  // namespace stampd::models
