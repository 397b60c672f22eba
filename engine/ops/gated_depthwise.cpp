#include "engine/ops/gated_depthwise.h"

#include <vector>

#include "engine/kernels/gated_depthwise.h"
#include "engine/ops/token_rows.h"

namespace stampd::ops {
namespace {

constexpr std::int64_t kRowsPerTask = 64;  // a few tiles, whose border is read by other tasks too

}  // namespace

torch::Tensor GatedDepthwise(const torch::Tensor& x, Segments segments, const DepthwiseFilters& filters) {
  if (!HasKernels(x.scalar_type())) return GatedDepthwise(x.to(torch::kFloat32), segments, filters).to(x.scalar_type());
  for (const Segment& segment : segments) {
    if (segment.layout == nullptr) throw Broken("[ops] a convolution got tokens without a grid");
  }
  torch::Tensor out = at::empty({x.size(0), x.size(1) / 2}, x.options());
  const std::vector<RowBlock> blocks = BlocksOf(segments, kRowsPerTask);
  const kernels::DepthwiseFilters<float> view{filters.taps.const_data_ptr<float>(), filters.bias.const_data_ptr<float>()};
  WithType(x.scalar_type(), [&]<typename T>(T) {
    InParallel(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t task, Scratch&) {
      const RowBlock& block = blocks[static_cast<std::size_t>(task)];
      const Segment& segment = segments[static_cast<std::size_t>(block.segment)];
      const int tokens = static_cast<int>(segment.tokens), first = static_cast<int>(block.first - segment.first);
      kernels::cpu::GatedDepthwise<T>(Rows(ViewOf<const T>(x), segment.first, tokens), segment.layout->neighbours().data(), view,
                                      first, block.rows, Rows(ViewOf<T>(out), segment.first, tokens));
    });
  });
  return out;
}

}  // namespace stampd::ops
