#include "engine/picture.h"

#include <cstring>

#include "engine/models/resolution_bins.h"

namespace stampd {
namespace {

Picture Packed(Picture::Kind kind, const torch::Tensor& values, int width, int height, int channels) {
  const torch::Tensor packed = values.to(torch::kCPU).contiguous();
  Picture picture{.kind = kind, .width = width, .height = height, .channels = channels, .bytes = {}};
  picture.bytes.resize(packed.nbytes());
  std::memcpy(picture.bytes.data(), packed.const_data_ptr(), picture.bytes.size());
  return picture;
}

torch::Tensor ScaleAndCrop(const torch::Tensor& pixels, Size size) {
  const models::Resolution painted{static_cast<int>(pixels.size(1)), static_cast<int>(pixels.size(2))};
  const models::Resolution target{size.height, size.width};
  if (painted == target) return pixels;
  const models::CoverCrop crop = models::CoverAndCrop(painted, target);
  const torch::Tensor scaled =
      at::upsample_bilinear2d(pixels.unsqueeze(0), {crop.scaled.height, crop.scaled.width}, /*align_corners=*/false).squeeze(0);
  return scaled.narrow(1, crop.top, target.height).narrow(2, crop.left, target.width);
}

}  // namespace

Picture ToPicture(const torch::Tensor& pixels, Size size) {
  const torch::Tensor unit = (ScaleAndCrop(pixels, size) * 0.5 + 0.5).clamp(0, 1);
  const torch::Tensor bytes = (unit.to(torch::kFloat32) * 255).round().to(torch::kUInt8);
  return Packed(Picture::Kind::kRgb8, bytes.permute({1, 2, 0}), size.width, size.height, 3);
}

Picture ToLatentPicture(const torch::Tensor& latent) {
  return Packed(Picture::Kind::kLatentF32, latent.to(torch::kFloat32), static_cast<int>(latent.size(2)),
                static_cast<int>(latent.size(1)), static_cast<int>(latent.size(0)));
}

}  // namespace stampd
