#include "engine/layers/linear_attention.h"

#include "engine/layers/image_linear.h"
#include "engine/ops/linear_attention.h"

namespace stampd::layers {
namespace {

constexpr double kLargestHalf = 65504;

}  // namespace

LinearAttention::LinearAttention(const WeightScope& scope, int heads, std::int64_t width, bool bias, bool qk_norm)
    : heads_(heads),
      to_qkv_(LoadImageLinear(scope, {"to_q", "to_k", "to_v"}, width, width, bias)),
      norm_(scope, width, qk_norm),
      to_out_(LoadImageLinear(scope / "to_out", {"0"}, width, width)) {}

void LinearAttention::AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const {
  const torch::Tensor qkv = to_qkv_->ForwardNormed(x, segments, norm);
  const std::vector<torch::Tensor> split = qkv.chunk(3, 1);
  norm_.ApplyToQueries(split[0]);
  norm_.ApplyToKeys(split[1]);
  const torch::Tensor attended = at::empty_like(x);
  for (const ops::Segment& segment : segments) {
    const auto rows = [&](const torch::Tensor& packed) { return ops::RowsOf(packed, segment); };
    ops::LinearAttend(rows(split[0]), rows(split[1]), rows(split[2]), heads_, rows(attended));
  }
  if (x.scalar_type() != torch::kFloat16) return to_out_->AddTo(x, gate, attended, segments);
  // The reference pulls what overflows fp16 back to its limits before the gate sees it.
  ops::GatedAdd(x, segments, gate, to_out_->Forward(attended, segments).clamp_(-kLargestHalf, kLargestHalf));
}

}  // namespace stampd::layers
