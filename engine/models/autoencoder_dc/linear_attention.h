#pragma once

#include <cstdint>

#include <torch/types.h>

namespace stampd::models::autoencoder_dc {

/// Linear attention of all pixels with all pixels (arXiv 2205.14756), head by head and in fp32: with q and k behind a ReLU
///
///   out = sum over keys of v (k·q) / (sum over keys of k·q + 1e-15)
///
/// `qkv` [pixels, heads * 3 * head_dim], a head's query, key and value side by side; `out` [pixels, heads * head_dim], which may be
/// part of wider rows. Costs pixels * head_dim² a head; where pixels are fewer than head_dim the reference takes the products in
/// the other order, for the same result.
void AttendLinearly(const torch::Tensor& qkv, std::int64_t head_dim, torch::Tensor out);

}  // namespace stampd::models::autoencoder_dc
