#pragma once

#include <ATen/ATen.h>

#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "engine/kernels/sequence_transform.h"
#include "engine/ops/segment.h"
#include "engine/quant/linear_recipe.h"
#include "engine/quant/token_plan.h"
#include "tests/engine/ops/packed_grids.h"

// A recipe's arithmetic in double precision, from the reference kernels and one segment at a time.

namespace stampd::testing {

/// Q(R⁻¹ W): `weight` [out, in] of any type; `smooth` [in] or undefined.
inline torch::Tensor ReferenceWeight(const quant::LinearRecipe& recipe, const torch::Tensor& weight, const torch::Tensor& smooth) {
  torch::Tensor w = weight.to(torch::kFloat64).clone();
  if (smooth.defined()) w.mul_(smooth.to(torch::kFloat64));
  kernels::reference::TransformFeatures(DoubleView(w), {nullptr, recipe.hadamard_block});
  kernels::reference::RoundWeights(DoubleView(w), recipe.weight_bits, recipe.weight_group != 0, recipe.weight_rounding);
  return w;
}

/// L⁻¹( Q(L X R) Vᵀ ) for `v` [out, in], with the rows of one segment in `x`.
inline torch::Tensor ReferenceProduct(const quant::LinearRecipe& recipe, const torch::Tensor& x, const TokenLayout& layout,
                                      const torch::Tensor& v, const torch::Tensor& smooth) {
  const quant::TokenPlan plan = quant::PlanTokens(layout, recipe);
  const torch::Tensor order = plan.order.empty() ? at::arange(x.size(0)) : torch::tensor(plan.order).to(torch::kInt64);
  torch::Tensor tokens = x.to(torch::kFloat64).index_select(0, order);
  if (smooth.defined()) tokens.div_(smooth.to(torch::kFloat64));
  kernels::reference::TransformFeatures(DoubleView(tokens), {nullptr, recipe.hadamard_block});
  torch::Tensor mean = at::zeros({1, x.size(1)}, torch::kFloat64);
  if (recipe.control == quant::TokenControl::kMean) mean = tokens.mean(0, /*keepdim=*/true);
  tokens.sub_(mean);
  kernels::reference::ForwardAlongTokens(DoubleView(tokens), layout.tiles(), recipe.tile_transform());
  const int groups = recipe.activation_group == 0 ? 1 : static_cast<int>(x.size(1) / recipe.activation_group);
  kernels::reference::RoundTokens(DoubleView(tokens), plan.bits.data(), groups, recipe.token_rounding());
  torch::Tensor y = tokens.matmul(v.t());
  kernels::reference::InverseAlongTokens(DoubleView(y), layout.tiles(), recipe.tile_transform());
  y.add_(mean.matmul(v.t()));
  return at::empty_like(y).index_copy_(0, order, y);
}

/// The same for a whole pack.
inline torch::Tensor ReferenceProduct(const quant::LinearRecipe& recipe, const torch::Tensor& x, ops::Segments segments,
                                      const torch::Tensor& v, const torch::Tensor& smooth) {
  std::vector<torch::Tensor> parts;
  for (const ops::Segment& segment : segments) {
    parts.push_back(ReferenceProduct(recipe, ops::RowsOf(x, segment), *segment.layout, v, smooth));
  }
  return at::cat(parts);
}

}  // namespace stampd::testing
