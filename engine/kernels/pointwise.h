#pragma once

#include "engine/kernels/bf16.h"
#include "engine/kernels/instruction_set.h"
#include "engine/kernels/token_view.h"

/// What a transformer block does to tokens besides its products, row by row. Rows may be done by several threads at once.
///
/// T is float or Bf16. Arithmetic is in fp32, each operation rounded once and in the order of the formula; "rounded to T" is to the
/// nearest and half to even, and happens where it is said. A row's result depends on nothing but that row and is the same on every
/// processor, so that parts may be fused or done one after the other without changing a bit.

namespace stampd::kernels {

namespace reference {

/// (x - mean) / sqrt(variance + eps) * (1 + scale) + shift, with the population's variance.
void LayerNormModulate(TokenView<double> x, const double* shift, const double* scale, double eps);

/// x / 2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))), arXiv 1606.08415.
double GeluTanh(double x);

/// x / (1 + exp(-x)), arXiv 1702.03118.
double Silu(double x);

/// x / sqrt(mean(x^2) + eps) * weight + bias, or without it (null).
void RmsNorm(TokenView<double> x, const double* weight, const double* bias, double eps);

}  // namespace reference

namespace cpu {

/// out <- x.
template <typename T>
void Widen(TokenView<const T> x, TokenView<float> out, InstructionSet set = BestInstructionSet());

/// out <- x, rounded to T.
template <typename T>
void Narrow(TokenView<const float> x, TokenView<T> out, InstructionSet set = BestInstructionSet());

/// out <- layer norm of x, modulated, rounded to T: adaLN (DiT, arXiv 2212.09748). `shift` and `scale` [width].
///
///   mean = sum(x) / width, variance = sum((x - mean)^2) / width, r = 1 / sqrt(variance + eps)
///   out = ((x - mean) * r) * (1 + scale) + shift
///
/// A sum is that of 16 lanes, lane i summing the channels i, i + 16, …; then lane i adds lane i + 8, i + 4, i + 2, i + 1.
template <typename T>
void LayerNormModulate(TokenView<const T> x, const T* shift, const T* scale, float eps, TokenView<float> out,
                       InstructionSet set = BestInstructionSet());

/// out <- root mean square norm of x (arXiv 1910.07467), rounded to T. `weight` and `bias` [width], bias or null; sums as above.
///
///   r = 1 / sqrt(sum(x^2) / width + eps), out = (x * r) * weight + bias
template <typename T>
void RmsNorm(TokenView<const T> x, const T* weight, const T* bias, float eps, TokenView<float> out,
             InstructionSet set = BestInstructionSet());

/// y <- y + bias, [width].
void AddBias(TokenView<float> y, const float* bias, InstructionSet set = BestInstructionSet());

/// y <- y / (1 + exp(-2u)), u = 0.79788456 * (y + 0.044715 y^3), which is the reference's formula.
void GeluTanh(TokenView<float> y, InstructionSet set = BestInstructionSet());

/// y <- y / (1 + exp(-y)).
void Silu(TokenView<float> y, InstructionSet set = BestInstructionSet());

/// x <- x + gate * y, y rounded to T first and the result as well; without a gate (null) x + y. `gate` [width].
template <typename T>
void GatedAdd(TokenView<T> x, const T* gate, TokenView<const float> y, InstructionSet set = BestInstructionSet());

}  // namespace cpu
}  // namespace stampd::kernels
