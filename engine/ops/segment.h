#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <torch/types.h>

#include "engine/base/token_layout.h"

namespace stampd::ops {

/// The consecutive rows of a packed [total_tokens, width] tensor that belong to one row of a forward.
struct Segment {
  std::int64_t first = 0;
  std::int64_t tokens = 0;
  const TokenLayout* layout = nullptr;  // order of image tokens; null for text, which has no grid
};

/// Segments cover a packed tensor from its first row to its last, in order.
using Segments = std::span<const Segment>;

/// The segment's rows, as a view.
torch::Tensor RowsOf(const torch::Tensor& packed, const Segment& segment);

/// One segment for all of a tensor's rows.
Segment WholeOf(const torch::Tensor& tokens);

/// Packs what was computed segment by segment; a single part is not copied.
torch::Tensor Pack(const std::vector<torch::Tensor>& parts);

}  // namespace stampd::ops
