#include "engine/kernels/feature_transform.h"

#include <cmath>

namespace stampd::kernels::cpu {
namespace {

// Butterflies on channels `distance` apart.
void Level(float* block, int size, int distance) {
  for (int i = 0; i < size; i += 2 * distance) {
    float* __restrict__ a = block + i;
    float* __restrict__ b = block + i + distance;
    for (int j = 0; j < distance; ++j) {
      const float sum = a[j] + b[j], difference = a[j] - b[j];
      a[j] = sum;
      b[j] = difference;
    }
  }
}

void Hadamard(float* block, int size, float factor) {
  for (int distance = 1; distance < size; distance *= 2) Level(block, size, distance);
  for (int i = 0; i < size; ++i) block[i] *= factor;
}

}  // namespace

void TransformFeatures(TokenView<float> x, FeatureTransform transform) {
  const int block = transform.hadamard_block;
  const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(block)));  // unused where there is no block
  for (int r = 0; r < x.rows; ++r) {
    float* row = x.row(r);
    if (transform.factors != nullptr) {
      for (int c = 0; c < x.width; ++c) row[c] *= transform.factors[c];
    }
    for (int c = 0; block > 0 && c < x.width; c += block) Hadamard(row + c, block, factor);
  }
}

}  // namespace stampd::kernels::cpu
