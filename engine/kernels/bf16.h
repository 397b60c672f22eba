#pragma once

#include <cstdint>

namespace stampd::kernels {

/// The upper half of an IEEE binary32, as it lies in memory. Inlined for certain: files that are compiled for one instruction set
/// share no code with others (cpu/w4a4_gemm_tile.h).
struct Bf16 {
  std::uint16_t bits;
};

[[gnu::always_inline]] inline float ToFloat(Bf16 value) { return __builtin_bit_cast(float, std::uint32_t{value.bits} << 16); }

/// To the nearest, half to even; a NaN stays one.
[[gnu::always_inline]] inline Bf16 ToBf16(float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return {static_cast<std::uint16_t>(value == value ? rounded : 0x7fc0u)};
}

}  // namespace stampd::kernels
