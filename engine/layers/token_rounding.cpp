#include "engine/layers/token_rounding.h"

#include <vector>

#include "engine/base/error.h"
#include "engine/ops/stamp_product.h"
#include "engine/quant/token_plan.h"

namespace stampd::layers {
namespace {

using quant::TokenControl;

quant::TokenPlan PlanSegment(const ops::Segment& segment, const quant::LinearRecipe& recipe) {
  if (segment.layout != nullptr) return quant::PlanTokens(*segment.layout, recipe);
  if (recipe.needs_grid()) throw Broken("[stamp] a linear that is quantized along the tokens got tokens without a grid");
  const auto bits = static_cast<std::uint8_t>(recipe.activation_bits);
  return {.bits = std::vector(static_cast<std::size_t>(segment.tokens), bits), .order = {}};
}

// The plans of all segments, one after the other.
struct PackPlan {
  std::vector<std::uint8_t> bits;
  std::vector<std::int64_t> order;  // empty: as it is
};

PackPlan PlanPack(ops::Segments segments, const quant::LinearRecipe& recipe) {
  PackPlan pack;
  for (const ops::Segment& segment : segments) {
    const quant::TokenPlan plan = PlanSegment(segment, recipe);
    pack.bits.insert(pack.bits.end(), plan.bits.begin(), plan.bits.end());
    for (const int token : plan.order) pack.order.push_back(segment.first + token);
  }
  return pack;
}

torch::Tensor TakeMeans(torch::Tensor& x, ops::Segments segments) {
  std::vector<torch::Tensor> means;
  for (const ops::Segment& segment : segments) {
    torch::Tensor rows = ops::RowsOf(x, segment);
    means.push_back(rows.mean(0, /*keepdim=*/true));
    rows.sub_(means.back());
  }
  return ops::Pack(means);
}

void AddMeans(torch::Tensor& y, ops::Segments segments, const torch::Tensor& means) {
  for (std::size_t s = 0; s < segments.size(); ++s) ops::RowsOf(y, segments[s]).add_(means[static_cast<std::int64_t>(s)]);
}

}  // namespace

TokenRounding::TokenRounding(const quant::LinearRecipe& recipe, const torch::Tensor& smooth_scales)
    : recipe_(recipe), smooth_scales_(smooth_scales) {
  if (smooth_scales.defined()) factors_ = smooth_scales.reciprocal();
}

kernels::FeatureTransform TokenRounding::features() const {
  return {.factors = factors_.defined() ? factors_.data_ptr<float>() : nullptr,
          .hadamard_block = std::max(1, recipe_.hadamard_block)};
}

std::int64_t TokenRounding::resident_bytes() const {
  return factors_.defined() ? static_cast<std::int64_t>(smooth_scales_.nbytes() + factors_.nbytes()) : 0;
}

ops::QuantizedTokens TokenRounding::Round(const torch::Tensor& x, ops::Segments segments, const ops::Norm* norm) const {
  const int groups = recipe_.activation_group == 0 ? 1 : static_cast<int>(x.size(1) / recipe_.activation_group);
  return ops::RoundTokens(x, segments, norm, PlanPack(segments, recipe_).bits,
                          {features(), recipe_.tile_transform(), recipe_.token_rounding(), groups});
}

torch::Tensor TokenRounding::RoundTrip(const torch::Tensor& x, ops::Segments segments) const {
  torch::Tensor tokens = at::empty(x.sizes(), torch::kFloat32).copy_(x), means, order;
  if (recipe_.control == TokenControl::kShuffled) {
    order = torch::tensor(PlanPack(segments, recipe_).order);
    tokens = tokens.index_select(0, order);
  }
  if (recipe_.control == TokenControl::kMean) means = TakeMeans(tokens, segments);
  torch::Tensor y = ops::Dequantize(Round(tokens, segments, nullptr));
  ops::InverseAlongTokens(y, segments, recipe_.tile_transform());
  ops::TransformFeatures(y, {.factors = nullptr, .hadamard_block = features().hadamard_block});  // its own inverse
  if (smooth_scales_.defined()) y.mul_(smooth_scales_);
  if (means.defined()) AddMeans(y, segments, means);
  return order.defined() ? at::empty_like(y).index_copy_(0, order, y) : y;
}

}  // namespace stampd::layers
