#pragma once

#include <immintrin.h>

#include "engine/kernels/bf16.h"

// Floating-point numbers in 128-bit registers (SSE2), under the names that lanes512.h has for 512 bits. The namespace without a
// name keeps each file's copy its own: see w4a4_gemm_tile.h.

namespace stampd::kernels::cpu {
namespace {

struct Lanes128 {
  using Float = __m128;
  static constexpr int kLanes = 4;

  static Float LoadFloats(const float* from) { return _mm_loadu_ps(from); }
  static Float LoadFloats(const Bf16* from) { return Widened(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))); }
  // The first `count` lanes, the others zero.
  static Float LoadPart(const float* from, int count) {
    if (count >= kLanes) return LoadFloats(from);
    float lanes[kLanes] = {};
    __builtin_memcpy(lanes, from, sizeof(float) * static_cast<unsigned>(count));
    return LoadFloats(lanes);
  }
  // The first `count` lanes.
  static void StoreFloats(float* to, Float value, int count) {
    if (count >= kLanes) return _mm_storeu_ps(to, value);
    __builtin_memcpy(to, &value, sizeof(float) * static_cast<unsigned>(count));
  }
  // The first `count` lanes from bf16, the others zero.
  static Float LoadPart(const Bf16* from, int count) {
    if (count >= kLanes) return LoadFloats(from);
    __m128i halves = _mm_setzero_si128();
    __builtin_memcpy(&halves, from, sizeof(Bf16) * static_cast<unsigned>(count));
    return Widened(halves);
  }
  static Float Widened(__m128i halves) { return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), halves)); }
  // The first `count` lanes, whole numbers -128 … 255, as bytes.
  static void StoreBytes(void* to, Float value, int count) {
    const __m128i low = _mm_and_si128(_mm_cvtps_epi32(value), _mm_set1_epi32(255));
    const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packs_epi32(low, low), low));
    __builtin_memcpy(to, &bytes, count >= kLanes ? 4u : static_cast<unsigned>(count));
  }

  static Float AllFloats(float value) { return _mm_set1_ps(value); }
  // a < b ? a : b, and so b if either is NaN.
  static Float Min(Float a, Float b) { return _mm_min_ps(a, b); }
  static Float Max(Float a, Float b) { return _mm_max_ps(a, b); }
  // To the nearest whole number and half to even, for magnitudes up to 2^22. A zero may have either sign.
  static Float RoundEven(Float value) {
    const Float unit = AllFloats(12582912.f);  // 1.5 * 2^23: the sum has no room for fractions
    return (value + unit) - unit;
  }
  // Lanes `Distance` apart change places.
  template <int Distance>
  static Float Swap(Float a) {
    return _mm_shuffle_ps(a, a, Distance == 1 ? 0xb1 : 0x4e);
  }
  // Of each two lanes `Distance` apart the right one changes its sign.
  template <int Distance>
  static Float NegateRight(Float a) {
    return _mm_xor_ps(a, Distance == 1 ? _mm_setr_ps(0.f, -0.f, 0.f, -0.f) : _mm_setr_ps(0.f, 0.f, -0.f, -0.f));
  }
};

}  // namespace
}  // namespace stampd::kernels::cpu
