#pragma once

#include <bit>
#include <cstdint>

namespace stampd::kernels {

/// The upper half of an IEEE binary32, as it lies in memory.
struct Bf16 {
  std::uint16_t bits;
};

inline float ToFloat(Bf16 value) { return std::bit_cast<float>(std::uint32_t{value.bits} << 16); }

}  // namespace stampd::kernels
