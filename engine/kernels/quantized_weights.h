#pragma once

#include <cstddef>
#include <cstdint>

namespace stampd::kernels {

/// Channels that share one multiplier of a weight with groups.
inline constexpr int kWeightGroup = 64;
inline constexpr int kMaxMultiplier = 18;  // 18 * 7 = 126

/// A weight [out, in] as whole numbers: element (o, k) stands for scales[o] * m * q, where q is -7 … 7 (4 bits) or -127 … 127
/// (8 bits) and m is multipliers[o][k / 64], or 1 without. |m q| is at most 127 and is what enters the integer product, so that
/// groups of 64 cost no floating-point work: one scale for each output, whatever the groups.
///
/// Arrays are dense; the struct owns nothing.
struct QuantizedWeights {
  std::uint8_t* codes = nullptr;        // two's complement. 8 bits: [out, in]. 4 bits: [out, in/2], even k in the low nibble
  std::uint8_t* multipliers = nullptr;  // [out, in/64], 1 … 18, of a 4-bit weight; or null
  float* scales = nullptr;              // [out]
  int bits = 4;
  int out = 0;
  int in = 0;  // even with 4 bits, a multiple of 64 with multipliers

  std::ptrdiff_t row_bytes() const { return static_cast<std::ptrdiff_t>(in) * bits / 8; }

  QuantizedWeights Rows(int first, int count) const {
    const std::ptrdiff_t at = first;
    return {codes + at * row_bytes(),
            multipliers == nullptr ? nullptr : multipliers + at * (in / kWeightGroup),
            scales + at,
            bits,
            count,
            in};
  }
};

}  // namespace stampd::kernels
