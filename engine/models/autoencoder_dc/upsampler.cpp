#include "engine/models/autoencoder_dc/upsampler.h"

#include <optional>

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_dc {
namespace {

constexpr std::int64_t kParts = 4;
constexpr std::int64_t kKernel = 3;
constexpr std::int64_t kRows = 2, kColumns = 3;

// The three taps along `dim` as two: an even new pixel sees the old one before it once and its own twice, an odd one its own twice
// and the one behind it once.
torch::Tensor JoinTaps(const torch::Tensor& weight, std::int64_t dim, bool odd) {
  const torch::Tensor twice = weight.narrow(dim, odd ? 0 : 1, 2).sum(dim, /*keepdim=*/true);
  const torch::Tensor once = weight.narrow(dim, odd ? 2 : 0, 1);
  return odd ? at::cat({twice, once}, dim) : at::cat({once, twice}, dim);
}

}  // namespace

Upsampler::Upsampler(const layers::WeightScope& scope, std::int64_t in, std::int64_t out, const UpsamplerOptions& options)
    : out_(out), options_(options) {
  const layers::WeightScope conv = scope / "conv";
  const std::int64_t outputs = options.interpolate ? out : kParts * out;
  // Taps are joined in fp32, and the sum is rounded once.
  const torch::Tensor weight = conv.Take("weight", {outputs, in, kKernel, kKernel}, torch::kFloat32);
  const torch::Tensor bias = conv.Take("bias", {outputs});
  conv.CountResident(-static_cast<std::int64_t>(weight.nbytes()));
  for (std::int64_t i = 0; i < kParts; ++i) {
    const torch::Tensor part = options.interpolate ? JoinTaps(JoinTaps(weight, kRows, i / 2 != 0), kColumns, i % 2 != 0)
                                                   : weight.slice(0, i, std::nullopt, kParts);
    parts_[i] = {part.to(conv.dtype()).contiguous(at::MemoryFormat::ChannelsLast),
                 options.interpolate ? bias : bias.slice(0, i, std::nullopt, kParts).contiguous()};
    conv.CountResident(static_cast<std::int64_t>(parts_[i].weight.nbytes()));
  }
  conv.Release("weight");
}

torch::Tensor Upsampler::Forward(const torch::Tensor& x) const {
  const torch::Tensor y =
      at::empty({1, out_, 2 * x.size(kRows), 2 * x.size(kColumns)}, x.options(), at::MemoryFormat::ChannelsLast);
  for (std::int64_t i = 0; i < kParts; ++i) {
    torch::Tensor place = y.slice(kRows, i / 2, std::nullopt, 2).slice(kColumns, i % 2, std::nullopt, 2);
    if (options_.shortcut) {
      at::add_out(place, Convolve(x, i), Shortcut(x, i));
    } else {
      place.copy_(Convolve(x, i));
    }
  }
  return y;
}

torch::Tensor Upsampler::Convolve(const torch::Tensor& x, std::int64_t index) const {
  const torch::Tensor y = at::conv2d(x, parts_[index].weight, parts_[index].bias, /*stride=*/1, /*padding=*/1);
  // A 2x2 kernel at a padding of one has a place too many: odd pixels begin one later.
  return y.narrow(kRows, options_.interpolate ? index / 2 : 0, x.size(kRows))
      .narrow(kColumns, options_.interpolate ? index % 2 : 0, x.size(kColumns));
}

// Every channel repeated until there are 4 * out, then shuffled to pixels: channel c of this one is channel 4 c + index of those.
torch::Tensor Upsampler::Shortcut(const torch::Tensor& x, std::int64_t index) const {
  const std::int64_t repeats = kParts * out_ / x.size(1);
  return x.slice(1, index / repeats, std::nullopt, kParts / repeats);
}

}  // namespace stampd::models::autoencoder_dc
