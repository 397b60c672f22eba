#include "engine/layers/attention.h"

#include "engine/layers/image_linear.h"
#include "engine/ops/attention.h"

namespace stampd::layers {

SelfAttention::SelfAttention(const WeightScope& scope, int heads, std::int64_t width, bool bias)
    : heads_(heads),
      to_qkv_(LoadImageLinear(scope, {"to_q", "to_k", "to_v"}, width, width, bias)),
      to_out_(LoadImageLinear(scope / "to_out", {"0"}, width, width)) {}

void SelfAttention::AddTo(torch::Tensor& x, ops::Segments segments, const ops::Norm& norm, const torch::Tensor& gate) const {
  const torch::Tensor qkv = to_qkv_->ForwardNormed(x, segments, norm);
  const torch::Tensor attended = at::empty_like(x);
  for (const ops::Segment& segment : segments) {
    const std::vector<torch::Tensor> split = ops::RowsOf(qkv, segment).chunk(3, 1);
    ops::Attend(split[0], split[1], split[2], heads_, ops::RowsOf(attended, segment));
  }
  to_out_->AddTo(x, gate, attended, segments);
}

CrossAttention::CrossAttention(const WeightScope& scope, const CrossAttentionShape& shape)
    : heads_(shape.heads),
      to_q_(LoadImageLinear(scope, {"to_q"}, shape.width, shape.inner_width, shape.bias)),
      to_kv_(LoadLinear(scope, {"to_k", "to_v"}, shape.text_width, shape.inner_width, shape.bias)),
      norm_(scope, shape.inner_width, shape.qk_norm),
      to_out_(LoadImageLinear(scope / "to_out", {"0"}, shape.inner_width, shape.width)) {}

KeysAndValues CrossAttention::Prepare(const torch::Tensor& text) const {
  const std::vector<torch::Tensor> split = to_kv_->Forward(text).chunk(2, 1);
  KeysAndValues prepared{split[0].contiguous(), split[1].contiguous()};
  norm_.ApplyToKeys(prepared.keys);
  return prepared;
}

void CrossAttention::AddTo(torch::Tensor& x, ops::Segments segments, std::span<const KeysAndValues* const> texts) const {
  const torch::Tensor q = to_q_->Forward(x, segments);
  norm_.ApplyToQueries(q);
  const torch::Tensor attended = at::empty_like(q);
  for (std::size_t s = 0; s < segments.size(); ++s) {
    ops::Attend(ops::RowsOf(q, segments[s]), texts[s]->keys, texts[s]->values, heads_, ops::RowsOf(attended, segments[s]));
  }
  to_out_->AddTo(x, /*gate=*/{}, attended, segments);
}

}  // namespace stampd::layers
