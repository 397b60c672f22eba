#pragma once

#include <cstdint>

#include "engine/kernels/bf16.h"

/// What the loops that are compiled for several instruction sets are written in; all in fp32, each operation rounded once.

namespace stampd::kernels::cpu {
namespace {  // every file has a copy of its own, for its own processors

constexpr int kSumLanes = 16;

inline float Value(float x) { return x; }
inline float Value(Bf16 x) { return ToFloat(x); }

template <typename T>
T Rounded(float x);
template <>
inline float Rounded<float>(float x) {
  return x;
}
template <>
inline Bf16 Rounded<Bf16>(float x) {
  return ToBf16(x);
}

// Of f(c) for the channels 0 … width-1: that of 16 lanes, lane i summing the channels i, i + 16, …; then lane i adds lane i + 8,
// i + 4, i + 2, i + 1.
template <typename F>
float Sum(int width, F f) {
  float lanes[kSumLanes] = {};
  const int whole = width / kSumLanes * kSumLanes;
  for (int c = 0; c < whole; c += kSumLanes) {
    for (int i = 0; i < kSumLanes; ++i) lanes[i] += f(c + i);
  }
  for (int c = whole; c < width; ++c) lanes[c - whole] += f(c);
  for (int apart = kSumLanes / 2; apart > 0; apart /= 2) {
    for (int i = 0; i < apart; ++i) lanes[i] += lanes[i + apart];
  }
  return lanes[0];
}

// exp for |x| < 88, else that of the bound: 2^n e^r with |r| <= ln 2 / 2, a polynomial as in Cephes' expf. Within 2 ulp.
inline float Exp(float x) {
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kWhole = 12582912.f;  // 1.5 * 2^23: the sum has no room for fractions
  x = x > -87.f ? x : -87.f;
  x = x < 87.f ? x : 87.f;
  const float shifted = x * kLog2E + kWhole;
  const float n = shifted - kWhole;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.98756915e-4f;
  p = p * r + 1.39819995e-3f;
  p = p * r + 8.33345191e-3f;
  p = p * r + 4.16657959e-2f;
  p = p * r + 1.66666655e-1f;
  p = p * r + 5.00000012e-1f;
  p = p * (r * r) + r + 1.f;
  const auto exponent = __builtin_bit_cast(std::int32_t, shifted) - __builtin_bit_cast(std::int32_t, kWhole);
  return p * __builtin_bit_cast(float, (exponent + 127) << 23);
}

inline float Silu(float x) { return x / (1.f + Exp(-x)); }

}  // namespace
}  // namespace stampd::kernels::cpu
