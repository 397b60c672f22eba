#pragma once

#include <cstdint>

#include "engine/kernels/instruction_set.h"
#include "engine/kernels/quantized_tokens.h"
#include "engine/kernels/token_view.h"

/// Rounds each row of `x`, or each group of channels of a row, to whole numbers of as many bits as `bits` says for the row (2 … 8).
/// Rows are rounded apart from each other and may be done by several threads at once.

namespace stampd::kernels {

/// Where the scale comes from. With L = 2^bits - 1, asymmetric, as STaMP's Theorem 1 assumes:
///
///   lo = clip * min(0, min x), hi = clip * max(0, max x), scale = (hi - lo) / L, r = 1 / scale,
///   zero = round(-lo * r), code = clamp(round(x * r) + zero, 0, L)
///
/// symmetric, with M = 2^(bits-1) - 1:
///
///   scale = clip * max |x| / M, r = 1 / scale, zero = M + 1, code = clamp(round(x * r) + zero, 1, L)
///
/// where a range (hi - lo, max |x|) under 2^-100 counts as none: scale = 1, codes = zero, and zero = 0 or M + 1.
struct TokenRounding {
  bool symmetric = false;
  float clip = 1;  // in (0, 1]; 1 leaves the formulas without the factor
};

namespace reference {

/// x <- the numbers that its codes stand for, without fp32's own rounding. `groups` divides the width.
void RoundTokens(TokenView<double> x, const std::uint8_t* bits, int groups, TokenRounding rounding);

}  // namespace reference

namespace cpu {

/// In fp32, each operation of the formulas rounded once, round() to the nearest and half to even. `out` has the rows and the width
/// of `x`. A group with an infinity or a NaN gets the scale NaN and zeros everywhere else, so that whatever is computed from it is
/// NaN.
void QuantizeTokens(TokenView<const float> x, const std::uint8_t* bits, TokenRounding rounding, const QuantizedTokens& out,
                    InstructionSet set = BestInstructionSet());

/// (float(code) - float(zero)) * scale.
void DequantizeTokens(const QuantizedTokens& x, TokenView<float> out);

}  // namespace cpu
}  // namespace stampd::kernels
