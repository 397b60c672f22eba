#include "engine/ops/gated_depthwise.h"

#include <algorithm>

#include "engine/kernels/gated_depthwise.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

// Of a task: a few rows of tiles fit a core's cache, and a token's part is long enough to be fetched ahead.
constexpr int kChannels = 256;

}  // namespace

torch::Tensor GatedDepthwise(const torch::Tensor& x, Segments segments, const DepthwiseFilters& filters) {
  if (!HasKernels(x.scalar_type())) return GatedDepthwise(x.to(torch::kFloat32), segments, filters).to(x.scalar_type());
  for (const Segment& segment : segments) {
    if (segment.layout == nullptr) throw Broken("[ops] a convolution got tokens without a grid");
  }
  const int width = static_cast<int>(x.size(1) / 2), parts = (width + kChannels - 1) / kChannels;
  torch::Tensor out = at::empty({x.size(0), width}, x.options());
  const kernels::DepthwiseFilters<float> view{filters.taps.const_data_ptr<float>(), filters.bias.const_data_ptr<float>()};
  WithType(x.scalar_type(), [&]<typename T>(T) {
    InParallel(static_cast<std::int64_t>(segments.size()) * parts, [&](std::int64_t task, Scratch&) {
      const Segment& segment = segments[static_cast<std::size_t>(task / parts)];
      const int tokens = static_cast<int>(segment.tokens), first = static_cast<int>(task % parts) * kChannels;
      kernels::cpu::GatedDepthwise<T>(Rows(ViewOf<const T>(x), segment.first, tokens), segment.layout->neighbours().data(), view,
                                      first, std::min(kChannels, width - first), Rows(ViewOf<T>(out), segment.first, tokens));
    });
  });
  return out;
}

}  // namespace stampd::ops
