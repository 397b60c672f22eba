#include "engine/models/dit/patch_embedding.h"

#include "engine/models/dit/position_table.h"
#include "engine/ops/patches.h"

namespace stampd::models::dit {

PatchEmbedding::PatchEmbedding(const layers::WeightScope& scope, int channels, int patch_size, std::int64_t width,
                               std::optional<Positions> positions, torch::Device device)
    : patch_size_(patch_size),
      width_(width),
      positions_(positions),
      dtype_(scope.dtype()),
      device_(device),
      projection_(layers::LoadPatchLinear(scope / "proj", channels, patch_size, width)) {}

torch::Tensor PatchEmbedding::Forward(const torch::Tensor& latent, const TokenLayout& layout) const {
  const torch::Tensor patches = projection_->Forward(ops::Patchify(latent.to(device_, dtype_), layout, patch_size_));
  if (!positions_) return patches;
  const torch::Tensor table = PositionTable(layout, width_, positions_->base, positions_->scale);
  return (patches + table.to(device_)).to(dtype_);
}

}  // namespace stampd::models::dit
