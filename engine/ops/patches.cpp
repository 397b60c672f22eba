#include "engine/ops/patches.h"

namespace stampd::ops {

torch::Tensor RasterIndex(const TokenLayout& layout, torch::Device device) {
  const auto order = layout.raster_of();
  torch::Tensor index = at::empty({static_cast<std::int64_t>(order.size())}, torch::kInt32);
  std::copy(order.begin(), order.end(), index.data_ptr<int>());
  return index.to(device);
}

torch::Tensor Patchify(const torch::Tensor& latent, const TokenLayout& layout, int patch) {
  const auto [height, width] = layout.grid();
  const std::int64_t channels = latent.size(0);
  const torch::Tensor raster =
      latent.reshape({channels, height, patch, width, patch}).permute({1, 3, 0, 2, 4}).reshape({height * width, -1});
  return raster.index_select(0, RasterIndex(layout, latent.device()));
}

torch::Tensor Unpatchify(const torch::Tensor& tokens, const TokenLayout& layout, int patch) {
  const auto [height, width] = layout.grid();
  const std::int64_t channels = tokens.size(1) / (patch * patch);
  torch::Tensor raster = at::empty_like(tokens);
  raster.index_copy_(0, RasterIndex(layout, tokens.device()).to(torch::kInt64), tokens);
  return raster.reshape({height, width, patch, patch, channels})
      .permute({4, 0, 2, 1, 3})
      .reshape({channels, height * patch, width * patch});
}

}  // namespace stampd::ops
