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
  std::vector<torch::Tensor> parts;
  for (const ops::Segment& segment : segments) {
    const std::vector<torch::Tensor> split = ops::RowsOf(qkv, segment).chunk(3, 1);
    parts.push_back(ops::Attend(split[0], split[1], split[2], heads_));
  }
  to_out_->AddTo(x, gate, ops::Pack(parts), segments);
}

CrossAttention::CrossAttention(const WeightScope& scope, int heads, std::int64_t width, std::int64_t text_width, bool bias)
    : heads_(heads),
      to_q_(LoadImageLinear(scope, {"to_q"}, width, width, bias)),
      to_kv_(LoadLinear(scope, {"to_k", "to_v"}, text_width, width, bias)),
      to_out_(LoadImageLinear(scope / "to_out", {"0"}, width, width)) {}

KeysAndValues CrossAttention::Prepare(const torch::Tensor& text) const {
  const std::vector<torch::Tensor> split = to_kv_->Forward(text).chunk(2, 1);
  return {split[0].contiguous(), split[1].contiguous()};
}

void CrossAttention::AddTo(torch::Tensor& x, ops::Segments segments, std::span<const KeysAndValues* const> texts) const {
  const torch::Tensor q = to_q_->Forward(x, segments);
  std::vector<torch::Tensor> parts;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    parts.push_back(ops::Attend(ops::RowsOf(q, segments[s]), texts[s]->keys, texts[s]->values, heads_));
  }
  to_out_->AddTo(x, /*gate=*/{}, ops::Pack(parts), segments);
}

}  // namespace stampd::layers
