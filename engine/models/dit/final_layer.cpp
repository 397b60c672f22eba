#include "engine/models/dit/final_layer.h"

#include "engine/ops/modulation.h"
#include "engine/ops/patches.h"

namespace stampd::models::dit {
namespace {

constexpr double kNormEps = 1e-6;  // not the config's norm_eps, which is the blocks'

}  // namespace

FinalLayer::FinalLayer(const layers::WeightScope& scope, std::int64_t width, int patch_size, int out_channels)
    : patch_size_(patch_size),
      scale_shift_table_(scope.Take("scale_shift_table", {2, width})),
      projection_(layers::LoadLinear(scope, {"proj_out"}, width, patch_size * patch_size * out_channels)) {}

std::vector<torch::Tensor> FinalLayer::Forward(const torch::Tensor& x, ops::Segments segments,
                                               const torch::Tensor& embeddings) const {
  const torch::Tensor shift = embeddings + scale_shift_table_[0];
  const torch::Tensor scale = embeddings + scale_shift_table_[1];
  const torch::Tensor patches = projection_->ForwardNormed(x, segments, {shift, scale, kNormEps});
  std::vector<torch::Tensor> latents;
  for (const ops::Segment& segment : segments) {
    latents.push_back(ops::Unpatchify(ops::RowsOf(patches, segment), *segment.layout, patch_size_));
  }
  return latents;
}

}  // namespace stampd::models::dit
