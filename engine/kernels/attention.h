#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/bf16.h"
#include "engine/kernels/token_view.h"

/// out = softmax(scale * q kᵀ) v of one attention head: q [queries, head_dim], k and v [keys, head_dim], at least one key.
/// A query's result depends on that query and on k and v alone, byte for byte, whatever rows are computed with it.

namespace stampd::kernels {
namespace reference {

void Attend(TokenView<const double> q, TokenView<const double> k, TokenView<const double> v, double scale, TokenView<double> out);

}  // namespace reference

namespace cpu {

/// Whether the functions below do heads of this width (up to 256) on this processor (AVX-512 with BF16).
bool CanAttendBf16(int head_dim);

/// Keys and values of one head in the order that AttendBf16 reads: this many 32-bit words.
std::size_t PackedKeysAndValuesWords(int keys, int head_dim);
void PackKeysAndValues(TokenView<const Bf16> k, TokenView<const Bf16> v, std::uint32_t* packed);

/// Products of bf16 summed in fp32; the softmax's weights are rounded to bf16 before they meet the values. Any range of queries;
/// ranges may be computed by several threads at once.
void AttendBf16(TokenView<const Bf16> q, const std::uint32_t* packed, int keys, float scale, TokenView<Bf16> out);

}  // namespace cpu
}  // namespace stampd::kernels
