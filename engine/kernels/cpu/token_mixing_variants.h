#pragma once

#include "engine/kernels/gated_depthwise.h"
#include "engine/kernels/linear_attention.h"

/// The kernels of engine/kernels/linear_attention.h and gated_depthwise.h, once for each instruction set.

namespace stampd::kernels::cpu {

template <typename T>
struct TokenMixingOf {
  void (*sum_keys_and_values)(TokenView<const T> k, TokenView<const T> v, float* sums);
  void (*linear_attend)(TokenView<const T> q, const float* sums, TokenView<T> out);
  void (*gated_depthwise)(TokenView<const T> x, const int* neighbours, DepthwiseFilters<float> filters, int first, int count,
                          TokenView<T> out);
};

struct TokenMixing {
  TokenMixingOf<float> of_float;
  TokenMixingOf<Bf16> of_bf16;
};

extern const TokenMixing kTokenMixingSse2;
extern const TokenMixing kTokenMixingAvx2;
extern const TokenMixing kTokenMixingAvx512;

}  // namespace stampd::kernels::cpu
