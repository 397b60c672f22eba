#pragma once

#include <cstdint>

#include <torch/types.h>

namespace stampd::models::t5 {

/// Which row of the bias table is for a key `distance` tokens after its query (negative: before it). Half of the buckets are for
/// keys before and at the query, half for those after; in each half the near distances have a bucket of their own and the far ones
/// share buckets whose width grows with the logarithm, up to `max_distance`. https://arxiv.org/abs/1910.10683, 2.1.
std::int64_t RelativePositionBucket(std::int64_t distance, std::int64_t buckets, std::int64_t max_distance);

/// What is added to the attention scores of `length` tokens: [heads, query, key], from `table` [buckets, heads], in its dtype.
torch::Tensor RelativePositionBias(const torch::Tensor& table, std::int64_t length, std::int64_t max_distance);

}  // namespace stampd::models::t5
