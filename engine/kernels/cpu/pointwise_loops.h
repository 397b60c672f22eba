#pragma once

#include "engine/kernels/cpu/arithmetic.h"
#include "engine/kernels/cpu/pointwise_variants.h"

/// The loops of engine/kernels/pointwise.h, which the compiler turns into vector code of the instruction set that the including
/// file is compiled for; each has one operation of that header's formulas a line or less.

namespace stampd::kernels::cpu {
namespace {  // every file has a copy of its own, for its own processors

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
    const float mean = Sum(x.width, [row](int c) { return row[c]; }) / width;
    const float squares = Sum(x.width, [row, mean](int c) { return (row[c] - mean) * (row[c] - mean); });
    const float factor = 1.f / __builtin_sqrtf(squares / width + eps);
    for (int c = 0; c < x.width; ++c) {
      row[c] = Value(Rounded<T>(((row[c] - mean) * factor) * (1.f + Value(scale[c])) + Value(shift[c])));
    }
  }
}

template <typename T>
void RmsNormRows(TokenView<const T> x, const T* weight, const T* bias, float eps, TokenView<float> out) {
  WidenRows(x, out);
  const auto width = static_cast<float>(x.width);
  for (int r = 0; r < x.rows; ++r) {
    float* __restrict__ const row = out.row(r);
    const float squares = Sum(x.width, [row](int c) { return row[c] * row[c]; });
    const float factor = 1.f / __builtin_sqrtf(squares / width + eps);
    for (int c = 0; c < x.width; ++c) {
      const float scaled = (row[c] * factor) * Value(weight[c]);
      row[c] = Value(Rounded<T>(bias == nullptr ? scaled : scaled + Value(bias[c])));
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

void SiluRows(TokenView<float> y) {
  for (int r = 0; r < y.rows; ++r) {
    float* const row = y.row(r);
    for (int c = 0; c < y.width; ++c) row[c] = Silu(row[c]);
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
constexpr PointwiseOf<T> kOf = {WidenRows<T>, NarrowRows<T>, LayerNormModulateRows<T>, RmsNormRows<T>, GatedAddRows<T>};

constexpr PointwiseLoops kLoops = {kOf<float>, kOf<Bf16>, AddBiasRows, GeluTanhRows, SiluRows};

}  // namespace
}  // namespace stampd::kernels::cpu
