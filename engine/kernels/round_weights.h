#pragma once

#include <cstdint>

#include "engine/kernels/instruction_set.h"
#include "engine/kernels/quantized_weights.h"
#include "engine/kernels/token_view.h"

/// Rounds the rows of a weight [out, in] to the bits of `out`. Rows are rounded apart from each other: several threads may do
/// ranges of them at once (QuantizedWeights::Rows), with the same result.

namespace stampd::kernels {

/// How a row's scale is found, with qmax = 7 (4 bits) or 127 (8 bits) and the largest magnitude a of the row.
///
/// kNearest  scale = a / qmax: nothing is clipped.
/// kMseClip  of the scales ratio * a / qmax with ratio = 1, 0.975, … 0.5 (kClipRatios) the one with the least sum of squared
///           errors; of equal ones the largest.
///
/// With multipliers the scale is a / 126, and the multiplier does what the scale does without: kNearest takes the smallest m
/// that clips nothing, kMseClip the m of 1 … 18 with the least squared error in its group.
enum class WeightRounding : std::uint8_t { kNearest, kMseClip };

inline constexpr int kClipRatios = 21;
inline float ClipRatio(int index) { return 1.f - 0.025f * static_cast<float>(index); }

namespace reference {

/// weight <- the numbers that its codes stand for, one output a row, chosen and rounded in double precision.
void RoundWeights(TokenView<double> weight, int bits, bool grouped, WeightRounding rounding);

}  // namespace reference

namespace cpu {

/// `weight` is dense [out.out, out.in]. A row whose largest magnitude is under 2^-100 becomes zeros of scale 1, one with an
/// infinity or a NaN zeros of scale NaN, so that whatever is computed from it is NaN. Fills what `out` points to.
///
/// In fp32: q = clamp(round(w * (1 / (scale * m))), -qmax, qmax), half to even. Errors are summed in 16 partial sums, so that a
/// choice between nearly equal scales does not depend on how wide the processor's registers are.
void RoundWeights(const float* weight, WeightRounding rounding, const QuantizedWeights& out,
                  InstructionSet set = BestInstructionSet());

/// scale * float(m * q), dense [weight.out, weight.in].
void DequantizeWeights(const QuantizedWeights& weight, float* out);

}  // namespace cpu
}  // namespace stampd::kernels
