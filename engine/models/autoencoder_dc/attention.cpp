#include "engine/models/autoencoder_dc/attention.h"

#include <ATen/ATen.h>

#include "engine/models/autoencoder_dc/linear_attention.h"
#include "engine/models/autoencoder_dc/pixels.h"

namespace stampd::models::autoencoder_dc {
namespace {

constexpr std::int64_t kParts = 3;  // query, key, value

torch::Tensor TakeQkv(const layers::WeightScope& scope, std::int64_t channels) {
  std::vector<torch::Tensor> parts;
  for (const char* name : {"to_q", "to_k", "to_v"}) parts.push_back((scope / name).Take("weight", {channels, channels}));
  torch::Tensor joined = at::cat(parts);
  for (const char* name : {"to_q", "to_k", "to_v"}) (scope / name).Release("weight");
  return joined;
}

}  // namespace

Attention::Attention(const layers::WeightScope& scope, std::int64_t channels, std::int64_t head_dim,
                     const std::vector<std::int64_t>& scales)
    : channels_(channels),
      head_dim_(head_dim),
      to_qkv_(TakeQkv(scope, channels)),
      to_out_((scope / "to_out").Take("weight", {channels, channels * (1 + static_cast<std::int64_t>(scales.size()))})),
      norm_(scope / "norm_out", channels) {
  const std::int64_t width = kParts * channels;
  for (int i = 0; i < static_cast<int>(scales.size()); ++i) {
    const layers::WeightScope scale = scope / "to_qkv_multiscale" / i;
    scales_.push_back({layers::Convolution(scale / "proj_in", width, width, scales[i], {.groups = width, .bias = false}),
                       layers::Convolution(scale / "proj_out", width, width, 1, {.groups = width / head_dim, .bias = false})});
  }
}

void Attention::AddTo(const torch::Tensor& x) const {
  const torch::Tensor qkv = at::linear(PixelsOf(x), to_qkv_);
  const torch::Tensor mixed = at::empty({qkv.size(0), to_out_.size(1)}, qkv.options());
  AttendLinearly(qkv, head_dim_, mixed.narrow(1, 0, channels_));
  for (std::size_t i = 0; i < scales_.size(); ++i) {
    const torch::Tensor map = scales_[i].mix.Forward(scales_[i].gather.Forward(PictureOf(qkv, x)));
    AttendLinearly(PixelsOf(map), head_dim_, mixed.narrow(1, static_cast<std::int64_t>(i + 1) * channels_, channels_));
  }
  norm_.AddTo(x, PictureOf(at::linear(mixed, to_out_), x));
}

}  // namespace stampd::models::autoencoder_dc
