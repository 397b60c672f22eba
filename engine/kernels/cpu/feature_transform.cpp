#include "engine/kernels/feature_transform.h"

#include <cmath>

#include "engine/kernels/cpu/row_kernels.h"

namespace stampd::kernels::cpu {

void TransformFeatures(TokenView<float> x, FeatureTransform transform, InstructionSet set) {
  const RowKernels& kernels = RowKernelsOf(set);
  const int block = transform.hadamard_block;
  const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(block)));  // unused where there is no block
  for (int r = 0; r < x.rows; ++r) {
    float* row = x.row(r);
    if (transform.factors != nullptr) kernels.multiply(row, transform.factors, x.width);
    for (int c = 0; block > 1 && c < x.width; c += block) kernels.hadamard(row + c, block, factor);
  }
}

}  // namespace stampd::kernels::cpu
