#pragma once

#include <cstddef>

#include "engine/kernels/bf16.h"
#include "engine/kernels/instruction_set.h"
#include "engine/kernels/token_view.h"

/// Attention of one head whose weights are products (arXiv 2410.10629), linear in the number of tokens:
///
///   out = relu(q) S / (relu(q) z + 1e-15),   S = sum over tokens of relu(k)ᵀ v,   z = sum of relu(k)
///
/// q, k, v and out [tokens, head_dim].

namespace stampd::kernels {

inline constexpr int kMaxLinearHeadDim = 512;

namespace reference {

void LinearAttend(TokenView<const double> q, TokenView<const double> k, TokenView<const double> v, TokenView<double> out);

}  // namespace reference

namespace cpu {

/// T is float or Bf16, heads are up to kMaxLinearHeadDim wide. Arithmetic is in fp32, each operation rounded once and results
/// rounded to T at the end; bytes are the same on every processor.

/// How many floats S and z take.
constexpr std::size_t LinearAttentionSums(int head_dim) {
  return static_cast<std::size_t>(head_dim) * static_cast<std::size_t>(head_dim + 1);
}

/// `sums` <- S, then z: sums of 64 tokens each, in the order of rows, are added in that order. At least one token.
template <typename T>
void SumKeysAndValues(TokenView<const T> k, TokenView<const T> v, float* sums, InstructionSet set = BestInstructionSet());

/// Of any queries, each of which depends on itself and `sums` alone. relu(q) S is summed in the order of channels, relu(q) z in
/// that of pointwise.h's sums.
template <typename T>
void LinearAttend(TokenView<const T> q, const float* sums, TokenView<T> out, InstructionSet set = BestInstructionSet());

}  // namespace cpu
}  // namespace stampd::kernels
