#pragma once

#include <cstdint>

#include <immintrin.h>

#include "engine/kernels/bf16.h"

// Whole numbers in 256-bit registers (AVX2), under the names that lanes512.h has for 512 bits. The namespace without a name keeps
// each file's copy its own: see w4a4_gemm_tile.h.

namespace stampd::kernels::cpu {
namespace {

struct Lanes256 {
  using Int = __m256i;
  using Float = __m256;
  static constexpr int kBytes = 32;
  static constexpr int kLanes = 8;  // of 32 bits

  static Int Load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
  static Float LoadFloats(const float* from) { return _mm256_loadu_ps(from); }
  static Float LoadFloats(const Bf16* from) { return Widened(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))); }
  static void Store(void* to, Int value) { _mm256_storeu_si256(static_cast<__m256i*>(to), value); }
  // The first `count` lanes.
  static void StoreFloats(float* to, Float value, int count) {
    if (count >= kLanes) return _mm256_storeu_ps(to, value);
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(to, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane), value);
  }

  // The first `count` lanes, the others zero.
  static Float LoadPart(const float* from, int count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane));
  }
  // The first `count` lanes from bf16, the others zero.
  static Float LoadPart(const Bf16* from, int count) {
    if (count >= kLanes) return LoadFloats(from);
    __m128i halves = _mm_setzero_si128();
    __builtin_memcpy(&halves, from, sizeof(Bf16) * static_cast<unsigned>(count));
    return Widened(halves);
  }
  static Float Widened(__m128i halves) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16)); }
  // The first `count` lanes, whole numbers -128 … 255, as bytes.
  static void StoreBytes(void* to, Float value, int count) {
    const Int places = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  //
                                        -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1);
    const Int halves = Shuffle(_mm256_cvtps_epi32(value), places);
    const auto bytes = _mm_cvtsi128_si64(_mm_or_si128(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)));
    __builtin_memcpy(to, &bytes, count >= kLanes ? 8u : static_cast<unsigned>(count));
  }
  // a < b ? a : b, and so b if either is NaN.
  static Float Min(Float a, Float b) { return _mm256_min_ps(a, b); }
  static Float Max(Float a, Float b) { return _mm256_max_ps(a, b); }
  // To the nearest whole number and half to even, for magnitudes up to 2^22. A zero may have either sign.
  static Float RoundEven(Float value) { return _mm256_round_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  // Lanes `Distance` apart change places.
  template <int Distance>
  static Float Swap(Float a) {
    if constexpr (Distance == 4) return _mm256_permute2f128_ps(a, a, 1);
    return _mm256_permute_ps(a, Distance == 1 ? 0xb1 : 0x4e);
  }
  // Of each two lanes `Distance` apart the right one changes its sign.
  template <int Distance>
  static Float NegateRight(Float a) {
    return _mm256_xor_ps(a, _mm256_blend_ps(AllFloats(0.f), AllFloats(-0.f), Distance == 1 ? 0xaa : Distance == 2 ? 0xcc : 0xf0));
  }

  static Int Zero() { return _mm256_setzero_si256(); }
  static Int All(int value) { return _mm256_set1_epi32(value); }
  static Float AllFloats(float value) { return _mm256_set1_ps(value); }
  static Int Or(Int a, Int b) { return _mm256_or_si256(a, b); }
  static Int And(Int a, Int b) { return _mm256_and_si256(a, b); }
  static Int ShiftRight4(Int words) { return _mm256_srli_epi32(words, 4); }
  static Int Subtract(Int a, Int b) { return _mm256_sub_epi32(a, b); }
  static Int Multiply(Int a, Int b) { return _mm256_mullo_epi32(a, b); }
  static Int Multiply16(Int a, Int b) { return _mm256_mullo_epi16(a, b); }
  static Float ToFloat(Int a) { return _mm256_cvtepi32_ps(a); }
  static Float Add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float Multiply(Float a, Float b) { return _mm256_mul_ps(a, b); }

  // Within each 128 bits: 16 bytes in every one of them, pairs of 32 bits, pairs of 64 bits.
  static Int AllQuarters(const void* bytes) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(bytes)));
  }
  static Int Shuffle(Int bytes, Int places) { return _mm256_shuffle_epi8(bytes, places); }
  static Int Low32(Int a, Int b) { return _mm256_unpacklo_epi32(a, b); }
  static Int High32(Int a, Int b) { return _mm256_unpackhi_epi32(a, b); }
  static Int Low64(Int a, Int b) { return _mm256_unpacklo_epi64(a, b); }
  static Int High64(Int a, Int b) { return _mm256_unpackhi_epi64(a, b); }

  // 16 bytes at `offset` of the rows 0 and 4.
  static Int EveryFourth(const std::uint8_t* const* rows, int offset) {
    return _mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(rows[4] + offset),
                               reinterpret_cast<const __m128i*>(rows[0] + offset));
  }
};

}  // namespace
}  // namespace stampd::kernels::cpu
