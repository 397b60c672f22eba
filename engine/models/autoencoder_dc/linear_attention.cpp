#include "engine/models/autoencoder_dc/linear_attention.h"

#include <cstddef>
#include <vector>

#include <ATen/ATen.h>

namespace stampd::models::autoencoder_dc {
namespace {

constexpr std::int64_t kParts = 3;  // query, key, value
constexpr double kEpsilon = 1e-15;
constexpr std::int64_t kPixelsAtOnce = 512;  // of all heads, in fp32: what the second-level cache holds

// The query, key or value of all heads of some pixels of a map [pixels, heads * 3 * head_dim], as [heads, pixels, head_dim].
torch::Tensor PartOf(const torch::Tensor& qkv, std::int64_t head_dim, std::int64_t part) {
  return qkv.unflatten(1, {-1, kParts, head_dim}).select(2, part).transpose(0, 1);
}

// In fp32, with a column of ones that sums the weights.
torch::Tensor WithOnes(const torch::Tensor& v) {
  torch::Tensor wide = at::ones({v.size(0), v.size(1), v.size(2) + 1}, v.options().dtype(torch::kFloat32));
  wide.narrow(2, 0, v.size(2)).copy_(v);
  return wide;
}

}  // namespace

void AttendLinearly(const torch::Tensor& qkv, std::int64_t head_dim, torch::Tensor out) {
  const std::vector<torch::Tensor> pieces = qkv.split(kPixelsAtOnce), places = out.split(kPixelsAtOnce);
  torch::Tensor sums = at::zeros({qkv.size(1) / (kParts * head_dim), head_dim, head_dim + 1}, qkv.options().dtype(torch::kFloat32));
  for (const torch::Tensor& piece : pieces) {
    const torch::Tensor k = PartOf(piece, head_dim, 1).relu().to(torch::kFloat32);
    sums.baddbmm_(k.transpose(1, 2), WithOnes(PartOf(piece, head_dim, 2)));
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const torch::Tensor q = PartOf(pieces[i], head_dim, 0).relu().to(torch::kFloat32);
    const torch::Tensor mixed = at::matmul(q, sums);  // [heads, pixels, head_dim + 1]
    const torch::Tensor weights = mixed.narrow(2, head_dim, 1) + kEpsilon;
    places[i].unflatten(1, {-1, head_dim}).transpose(0, 1).copy_(mixed.narrow(2, 0, head_dim).div_(weights));
  }
}

}  // namespace stampd::models::autoencoder_dc
