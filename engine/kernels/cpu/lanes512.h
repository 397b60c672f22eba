#pragma once

#include <cstdint>

#include <immintrin.h>

#include "engine/kernels/bf16.h"

// Whole and floating-point numbers in 512-bit registers (AVX-512). The namespace without a name keeps each file's copy its own: see
// w4a4_gemm_tile.h.

namespace stampd::kernels::cpu {
namespace {

struct Lanes512 {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int kBytes = 64;
  static constexpr int kLanes = 16;  // of 32 bits

  static __mmask16 First(int count) { return static_cast<__mmask16>(count >= kLanes ? 0xffff : count <= 0 ? 0 : (1 << count) - 1); }

  static Int Load(const void* from) { return _mm512_loadu_si512(from); }
  static Float LoadFloats(const float* from) { return _mm512_loadu_ps(from); }
  static Float LoadFloats(const Bf16* from) { return Widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))); }
  static void Store(void* to, Int value) { _mm512_storeu_si512(to, value); }
  // The first `count` lanes.
  static void StoreFloats(float* to, Float value, int count) {
    if (count >= kLanes) return _mm512_storeu_ps(to, value);
    _mm512_mask_storeu_ps(to, First(count), value);
  }

  // The first `count` lanes, the others zero.
  static Float LoadPart(const float* from, int count) { return _mm512_maskz_loadu_ps(First(count), from); }
  // The first `count` lanes from bf16, the others zero.
  static Float LoadPart(const Bf16* from, int count) { return Widened(_mm256_maskz_loadu_epi16(First(count), from)); }
  static Float Widened(__m256i halves) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16)); }
  // The first `count` lanes, whole numbers -128 … 255, as bytes.
  static void StoreBytes(void* to, Float value, int count) {
    _mm_mask_storeu_epi8(to, First(count), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(value)));
  }
  // a < b ? a : b, and so b if either is NaN.
  static Float Min(Float a, Float b) { return _mm512_min_ps(a, b); }
  static Float Max(Float a, Float b) { return _mm512_max_ps(a, b); }
  // To the nearest whole number and half to even, for magnitudes up to 2^22. A zero may have either sign.
  static Float RoundEven(Float value) { return _mm512_roundscale_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  // Lanes `Distance` apart change places.
  template <int Distance>
  static Float Swap(Float a) {
    if constexpr (Distance == 8) return _mm512_shuffle_f32x4(a, a, 0x4e);
    if constexpr (Distance == 4) return _mm512_shuffle_f32x4(a, a, 0xb1);
    return _mm512_permute_ps(a, Distance == 1 ? 0xb1 : 0x4e);
  }
  // Of each two lanes `Distance` apart the right one changes its sign.
  template <int Distance>
  static Float NegateRight(Float a) {
    constexpr __mmask16 kRight = Distance == 1 ? 0xaaaa : Distance == 2 ? 0xcccc : Distance == 4 ? 0xf0f0 : 0xff00;
    return _mm512_xor_ps(a, _mm512_maskz_mov_ps(kRight, AllFloats(-0.f)));
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
