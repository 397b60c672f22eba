#include "engine/models/autoencoder_dc/model.h"

#include <utility>

#include <ATen/ATen.h>

#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_dc/config.h"
#include "engine/models/autoencoder_dc/decoder.h"
#include "engine/models/tiled_autoencoder.h"

namespace stampd::models {

std::unique_ptr<Autoencoder> LoadAutoencoderDC(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const AutoencoderDCOptions& options) {
  const at::NoGradGuard no_grad;
  const auto config = autoencoder_dc::ReadConfig(io::Config::Read(folder / "config.json"));
  layers::Weights weights(io::TensorArchive::Open(folder, "diffusion_pytorch_model"), dtype, device);
  weights.Ignore("encoder.");
  autoencoder_dc::Decoder decoder(layers::WeightScope(weights) / "decoder", config);
  weights.CheckAllTaken();
  const std::int64_t factor = config.factor();
  return std::make_unique<TiledAutoencoder>(
      LatentSpace{"autoencoder_dc", config.latent_channels, config.scaling_factor}, torch::TensorOptions(device).dtype(dtype),
      Footprint{weights.parameters(), weights.resident_bytes()},
      [decoder = std::move(decoder)](const torch::Tensor& z) { return decoder.Forward(z); },
      Tiling{.tile = options.tile_pixels / factor, .stride = options.stride_pixels / factor, .factor = factor},
      options.untiled_area);
}

}  // namespace stampd::models
