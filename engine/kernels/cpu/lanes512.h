#pragma once

#include <cstdint>

#include <immintrin.h>

// Whole numbers in 512-bit registers (AVX-512). The namespace without a name keeps each file's copy its own: see w4a4_gemm_tile.h.

namespace stampd::kernels::cpu {
namespace {

struct Lanes512 {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int kBytes = 64;
  static constexpr int kLanes = 16;  // of 32 bits

  static Int Load(const void* from) { return _mm512_loadu_si512(from); }
  static Float LoadFloats(const float* from) { return _mm512_loadu_ps(from); }
  static void Store(void* to, Int value) { _mm512_storeu_si512(to, value); }
  // The first `count` lanes.
  static void StoreFloats(float* to, Float value, int count) {
    if (count >= kLanes) return _mm512_storeu_ps(to, value);
    const auto mask = static_cast<__mmask16>(count <= 0 ? 0 : (1 << count) - 1);
    _mm512_mask_storeu_ps(to, mask, value);
  }

  static Int Zero() { return _mm512_setzero_si512(); }
  static Int All(int value) { return _mm512_set1_epi32(value); }
  static Float AllFloats(float value) { return _mm512_set1_ps(value); }
  static Int Or(Int a, Int b) { return _mm512_or_si512(a, b); }
  static Int And(Int a, Int b) { return _mm512_and_si512(a, b); }
  static Int ShiftRight4(Int words) { return _mm512_srli_epi32(words, 4); }
  static Int Subtract(Int a, Int b) { return _mm512_sub_epi32(a, b); }
  static Int Multiply(Int a, Int b) { return _mm512_mullo_epi32(a, b); }
  static Int Multiply16(Int a, Int b) { return _mm512_mullo_epi16(a, b); }
  static Float ToFloat(Int a) { return _mm512_cvtepi32_ps(a); }
  static Float Add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float Multiply(Float a, Float b) { return _mm512_mul_ps(a, b); }

  // Within each 128 bits: 16 bytes in every one of them, pairs of 32 bits, pairs of 64 bits.
  static Int AllQuarters(const void* bytes) { return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(bytes))); }
  static Int Shuffle(Int bytes, Int places) { return _mm512_shuffle_epi8(bytes, places); }
  static Int Low32(Int a, Int b) { return _mm512_unpacklo_epi32(a, b); }
  static Int High32(Int a, Int b) { return _mm512_unpackhi_epi32(a, b); }
  static Int Low64(Int a, Int b) { return _mm512_unpacklo_epi64(a, b); }
  static Int High64(Int a, Int b) { return _mm512_unpackhi_epi64(a, b); }

  // 16 bytes at `offset` of the rows 0, 4, 8 and 12.
  static Int EveryFourth(const std::uint8_t* const* rows, int offset) {
    const auto at = [&](int row) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[row] + offset)); };
    const Int two = _mm512_inserti32x4(_mm512_castsi128_si512(at(0)), at(4), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, at(8), 2), at(12), 3);
  }
};

}  // namespace
}  // namespace stampd::kernels::cpu
