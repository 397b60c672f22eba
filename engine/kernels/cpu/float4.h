#pragma once

#include <cstdint>
#include <cstring>

#include <immintrin.h>

/// Four floats in one register of any x86-64 processor (SSE2). One operation at a time: no sum is reordered, no product fused with
/// a sum, so that results do not depend on the processor.

namespace stampd::kernels::cpu {

using Float4 = __m128;  // has the operators of float, lane by lane

inline Float4 AllLanes(float value) { return Float4{value, value, value, value}; }

inline Float4 Load(const float* from) { return _mm_loadu_ps(from); }

/// The first `count` of 4 lanes, the others zero.
inline Float4 LoadPart(const float* from, int count) {
  if (count >= 4) return Load(from);
  float lanes[4] = {};
  std::memcpy(lanes, from, sizeof(float) * static_cast<unsigned>(count));
  return Load(lanes);
}

// a < b ? a : b, and so b if either is NaN. The compiler would find the instruction only where neither is a constant.
inline Float4 Min(Float4 a, Float4 b) { return _mm_min_ps(a, b); }
inline Float4 Max(Float4 a, Float4 b) { return _mm_max_ps(a, b); }

/// To the nearest whole number and half to even, for magnitudes up to 2^22: there the sum has no room for fractions.
inline Float4 RoundEven(Float4 value) {
  const Float4 unit = AllLanes(12582912.f);  // 1.5 * 2^23
  return (value + unit) - unit;
}
inline float RoundEven(float value) { return RoundEven(AllLanes(value))[0]; }

/// The first `count` of 4 lanes, which hold whole numbers 0 … 255, as bytes.
inline void StoreBytes(Float4 value, std::uint8_t* to, int count) {
  const __m128i words = _mm_cvtps_epi32(value);
  const __m128i bytes = _mm_packus_epi16(_mm_packs_epi32(words, words), words);
  const int packed = _mm_cvtsi128_si32(bytes);
  std::memcpy(to, &packed, count >= 4 ? 4u : static_cast<unsigned>(count));
}

}  // namespace stampd::kernels::cpu
