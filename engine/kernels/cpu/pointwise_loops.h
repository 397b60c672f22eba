#pragma once

#include <cstdint>

#include "engine/kernels/cpu/pointwise_variants.h"

/// The loops of engine/kernels/pointwise.h, which the compiler turns into vector code of the instruction set that the including
/// file is compiled for; each has one operation of that header's formulas a line or less.

namespace stampd::kernels::cpu {
namespace {  // every file has a copy of its own, for its own processors

constexpr int kLanes = 16;

float Value(float x) { return x; }
float Value(Bf16 x) { return ToFloat(x); }

template <typename T>
T Rounded(float x);
template <>
float Rounded<float>(float x) {
  return x;
}
template <>
Bf16 Rounded<Bf16>(float x) {
  return ToBf16(x);
}

// Of f(x) over the channels, in the header's order.
template <typename F>
float Sum(const float* x, int width, F f) {
  float lanes[kLanes] = {};
  const int whole = width / kLanes * kLanes;
  for (int c = 0; c < whole; c += kLanes) {
    for (int i = 0; i < kLanes; ++i) lanes[i] += f(x[c + i]);
  }
  for (int c = whole; c < width; ++c) lanes[c - whole] += f(x[c]);
  for (int apart = kLanes / 2; apart > 0; apart /= 2) {
    for (int i = 0; i < apart; ++i) lanes[i] += lanes[i + apart];
  }
  return lanes[0];
}

// exp for |x| < 88, else that of the bound: 2^n e^r with |r| <= ln 2 / 2, a polynomial as in Cephes' expf. Within 2 ulp.
float Exp(float x) {
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

float Gelu(float y) {
  const float u = 0.79788456f * (y + 0.044715f * (y * y * y));
  return y / (1.f + Exp(-2.f * u));
}

template <typename T>
void WidenRows(TokenView<const T> x, TokenView<float> out) {
  for (int r = 0; r < x.rows; ++r) {
    const T* __restrict__ const from = x.row(r);
    float* __restrict__ const to = out.row(r);
    for (int c = 0; c < x.width; ++c) to[c] = Value(from[c]);
  }
}

template <typename T>
void NarrowRows(TokenView<const float> x, TokenView<T> out) {
  for (int r = 0; r < x.rows; ++r) {
    const float* __restrict__ const from = x.row(r);
    T* __restrict__ const to = out.row(r);
    for (int c = 0; c < x.width; ++c) to[c] = Rounded<T>(from[c]);
  }
}

template <typename T>
void LayerNormModulateRows(TokenView<const T> x, const T* shift, const T* scale, float eps, TokenView<float> out) {
  WidenRows(x, out);
  const auto width = static_cast<float>(x.width);
  for (int r = 0; r < x.rows; ++r) {
    float* __restrict__ const row = out.row(r);
    const float mean = Sum(row, x.width, [](float value) { return value; }) / width;
    const float squares = Sum(row, x.width, [mean](float value) { return (value - mean) * (value - mean); });
    const float factor = 1.f / __builtin_sqrtf(squares / width + eps);
    for (int c = 0; c < x.width; ++c) {
      row[c] = Value(Rounded<T>(((row[c] - mean) * factor) * (1.f + Value(scale[c])) + Value(shift[c])));
    }
  }
}

void AddBiasRows(TokenView<float> y, const float* bias) {
  for (int r = 0; r < y.rows; ++r) {
    float* __restrict__ const row = y.row(r);
    for (int c = 0; c < y.width; ++c) row[c] += bias[c];
  }
}

void GeluTanhRows(TokenView<float> y) {
  for (int r = 0; r < y.rows; ++r) {
    float* const row = y.row(r);
    for (int c = 0; c < y.width; ++c) row[c] = Gelu(row[c]);
  }
}

template <typename T>
void GatedAddRows(TokenView<T> x, const T* gate, TokenView<const float> y) {
  for (int r = 0; r < x.rows; ++r) {
    T* __restrict__ const to = x.row(r);
    const float* __restrict__ const from = y.row(r);
    for (int c = 0; c < x.width; ++c) {
      const float added = Value(Rounded<T>(from[c]));
      to[c] = Rounded<T>(Value(to[c]) + (gate == nullptr ? added : Value(gate[c]) * added));
    }
  }
}

template <typename T>
constexpr PointwiseOf<T> kOf = {WidenRows<T>, NarrowRows<T>, LayerNormModulateRows<T>, GatedAddRows<T>};

constexpr PointwiseLoops kLoops = {kOf<float>, kOf<Bf16>, AddBiasRows, GeluTanhRows};

}  // namespace
}  // namespace stampd::kernels::cpu
