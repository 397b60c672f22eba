#include "engine/ops/segment.h"

namespace stampd::ops {

torch::Tensor RowsOf(const torch::Tensor& packed, const Segment& segment) {
  return packed.narrow(0, segment.first, segment.tokens);
}

Segment WholeOf(const torch::Tensor& tokens) { return {.first = 0, .tokens = tokens.size(0)}; }

torch::Tensor Pack(const std::vector<torch::Tensor>& parts) { return parts.size() == 1 ? parts.front() : at::cat(parts); }

}  // namespace stampd::ops
