#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/io/dtype.h"

namespace stampd::tools {

/// Normally distributed numbers where each is a function of key and index alone: any part of a tensor can be made by any thread,
/// and comes out the same on every machine, because only integers and one multiplication go into it.
///
/// A binomial of 64 fair coins, smoothed with a triangle of its steps' width: variance 1, skew 0, excess kurtosis -0.03, at most
/// 8.2 in size.
void FillNormal(std::uint64_t key, std::uint64_t first_index, double mean, double stddev, std::span<float> values);

/// A key of its own for each tensor of each seed.
std::uint64_t TensorKey(std::uint64_t seed, std::string_view name);

/// Writes `values` as `dtype` (F32, BF16 or F16, rounded to nearest even) to `out`, which has room for them.
void Encode(std::span<const float> values, io::DType dtype, std::byte* out);

}  // namespace stampd::tools
