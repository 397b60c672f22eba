#pragma once

#include "engine/kernels/cpu/gated_depthwise_simd.h"
#include "engine/kernels/cpu/linear_attention_simd.h"
#include "engine/kernels/cpu/token_mixing_variants.h"

namespace stampd::kernels::cpu {
namespace {

template <typename L, typename T>
constexpr TokenMixingOf<T> kTokenMixingOf = {LinearAttention<L>::template SumKeysAndValues<T>,
                                             LinearAttention<L>::template Attend<T>, GatedDepthwiseFilter<L, T>::Run};

template <typename L>
constexpr TokenMixing kTokenMixing = {kTokenMixingOf<L, float>, kTokenMixingOf<L, Bf16>};

}  // namespace
}  // namespace stampd::kernels::cpu
