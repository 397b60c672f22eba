#include "engine/models/tiled_autoencoder.h"

#include <sstream>
#include <utility>

#include <ATen/ATen.h>

#include "engine/base/error.h"

namespace stampd::models {

TiledAutoencoder::TiledAutoencoder(LatentSpace space, torch::TensorOptions tensors, Footprint footprint, DecoderNetwork network,
                                   Tiling tiling, std::int64_t untiled_area)
    : space_(std::move(space)),
      tensors_(tensors),
      footprint_(footprint),
      network_(std::move(network)),
      tiling_(tiling),
      untiled_area_(untiled_area) {}

torch::Tensor TiledAutoencoder::Decode(const torch::Tensor& latent) const {
  const at::NoGradGuard no_grad;
  CheckShape(latent);
  const torch::Tensor z = latent.to(tensors_).div(space_.scaling_factor).add_(space_.shift_factor).unsqueeze(0);
  const bool in_one_piece = z.size(2) * z.size(3) <= untiled_area_;
  return (in_one_piece ? network_(z) : DecodeTiled(z, tiling_, network_)).squeeze(0).contiguous();
}

void TiledAutoencoder::CheckShape(const torch::Tensor& latent) const {
  if (latent.dim() == 3 && latent.size(0) == space_.channels && latent.numel() > 0) return;
  std::ostringstream text;
  text << "[" << space_.name << "] expected a latent [" << space_.channels << ", height, width], found " << latent.sizes();
  throw Broken(text.str());
}

}  // namespace stampd::models
