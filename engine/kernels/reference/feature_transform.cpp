#include "engine/kernels/feature_transform.h"

#include <bit>
#include <cmath>
#include <vector>

namespace stampd::kernels::reference {
namespace {

// block <- block * H, with Sylvester's H[i][j] = (-1)^popcount(i & j) / sqrt(size).
void MultiplyHadamard(double* block, int size) {
  const std::vector<double> in(block, block + size);
  for (int j = 0; j < size; ++j) {
    double sum = 0;
    for (int i = 0; i < size; ++i) sum += std::popcount(static_cast<unsigned>(i & j)) % 2 == 0 ? in[i] : -in[i];
    block[j] = sum / std::sqrt(size);
  }
}

}  // namespace

void TransformFeatures(TokenView<double> x, FeatureTransform transform) {
  for (int r = 0; r < x.rows; ++r) {
    double* row = x.row(r);
    for (int c = 0; transform.factors != nullptr && c < x.width; ++c) row[c] *= transform.factors[c];
    const int block = transform.hadamard_block;
    for (int c = 0; block > 0 && c < x.width; c += block) MultiplyHadamard(row + c, block);
  }
}

}  // namespace stampd::kernels::reference
