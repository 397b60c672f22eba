#include "engine/models/autoencoder_kl/model.h"

#include <utility>

#include <ATen/ATen.h>

#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_kl/config.h"
#include "engine/models/autoencoder_kl/decoder.h"
#include "engine/models/tiled_autoencoder.h"

namespace stampd::models {

std::unique_ptr<Autoencoder> LoadAutoencoderKL(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const AutoencoderKLOptions& options) {
  const at::NoGradGuard no_grad;
  const auto config = autoencoder_kl::ReadConfig(io::Config::Read(folder / "config.json"));
  if (dtype == torch::kFloat16 && config.force_upcast) dtype = torch::kFloat32;
  layers::Weights weights(io::TensorArchive::Open(folder, "diffusion_pytorch_model"), dtype, device);
  weights.Ignore("encoder.");
  weights.Ignore("quant_conv.");
  autoencoder_kl::Decoder decoder(layers::WeightScope(weights), config);
  weights.CheckAllTaken();
  return std::make_unique<TiledAutoencoder>(
      LatentSpace{"autoencoder_kl", config.latent_channels, config.scaling_factor, config.shift_factor},
      torch::TensorOptions(device).dtype(dtype), Footprint{weights.parameters(), weights.resident_bytes()},
      [decoder = std::move(decoder)](const torch::Tensor& z) { return decoder.Forward(z); }, config.tiling(), options.untiled_area);
}

}  // namespace stampd::models
