#pragma once

#include "engine/kernels/instruction_set.h"
#include "engine/kernels/token_view.h"

/// X <- X diag(f) H, row by row and in place: what STaMP calls R when it stands on the activations' side and R^-1 on the weights'.
///
/// Factors f are SmoothQuant's (arXiv 2211.10438): 1/s for activations, s for the rows of a weight [out, in]. H is block-diagonal,
/// an orthonormal Hadamard matrix (Sylvester's order) for every `hadamard_block` consecutive channels, and its own inverse, so that
/// activations and the weights' rows get the very same one (QuaRot, arXiv 2404.00456). Rows may be done by several threads at once.

namespace stampd::kernels {

struct FeatureTransform {
  const float* factors = nullptr;  // [width], or null: no scaling
  int hadamard_block = 0;          // a power of two that divides the width; 0: no rotation
};

namespace reference {

void TransformFeatures(TokenView<double> x, FeatureTransform transform);

}  // namespace reference

namespace cpu {

/// In fp32, each operation rounded once: the factors; butterflies a + b, a - b on channels 1, 2, 4, … block/2 apart; one
/// multiplication by 1/sqrt(block), computed in double and rounded.
void TransformFeatures(TokenView<float> x, FeatureTransform transform, InstructionSet set = BestInstructionSet());

}  // namespace cpu
}  // namespace stampd::kernels
