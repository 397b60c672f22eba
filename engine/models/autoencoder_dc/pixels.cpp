#include "engine/models/autoencoder_dc/pixels.h"

namespace stampd::models::autoencoder_dc {

torch::Tensor PixelsOf(const torch::Tensor& picture) { return picture.permute({0, 2, 3, 1}).view({-1, picture.size(1)}); }

torch::Tensor PictureOf(const torch::Tensor& pixels, const torch::Tensor& like) {
  return pixels.view({1, like.size(2), like.size(3), pixels.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace stampd::models::autoencoder_dc
