#pragma once

#include <vector>

#include <torch/types.h>

#include "engine/base/token_layout.h"
#include "engine/ops/segment.h"
#include "engine/quant/recipe.h"

namespace stampd::tools {

/// A pack of tokens in the order that a recipe's tiles want, whatever tiles it was stored in.
class Retiled {
 public:
  Retiled(ops::Segments segments, const quant::Recipe& recipe);
  Retiled(const Retiled&) = delete;  // segments point to layouts
  Retiled& operator=(const Retiled&) = delete;

  ops::Segments segments() const { return segments_; }
  /// The rows of a packed tensor in the new order.
  torch::Tensor Rows(const torch::Tensor& packed) const { return packed.index_select(0, from_); }

 private:
  std::vector<TokenLayout> layouts_;
  std::vector<ops::Segment> segments_;
  torch::Tensor from_;  // int64: row i of the new pack is row from_[i] of the old
};

}  // namespace stampd::tools
