#include "engine/ops/modulation.h"

namespace stampd::ops {

torch::Tensor LayerNormModulate(const torch::Tensor& x, Segments segments, const torch::Tensor& shift, const torch::Tensor& scale,
                                double eps) {
  torch::Tensor out = at::empty_like(x);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const auto row = static_cast<std::int64_t>(s);
    const torch::Tensor normal = at::layer_norm(RowsOf(x, segments[s]), {x.size(1)}, {}, {}, eps);
    torch::Tensor part = RowsOf(out, segments[s]);
    at::addcmul_out(part, shift[row], normal, scale[row] + 1);
  }
  return out;
}

void GatedAdd(torch::Tensor& x, Segments segments, const torch::Tensor& gate, const torch::Tensor& y) {
  for (std::size_t s = 0; s < segments.size(); ++s) {
    RowsOf(x, segments[s]).addcmul_(RowsOf(y, segments[s]), gate[static_cast<std::int64_t>(s)]);
  }
}

void Add(torch::Tensor& x, Segments segments, const torch::Tensor& y) {
  for (const Segment& segment : segments) RowsOf(x, segment).add_(RowsOf(y, segment));
}

}  // namespace stampd::ops
