#include "engine/kernels/round_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/cpu/row_kernels.h"
#include "engine/kernels/cpu/unpack_weights.h"

namespace stampd::kernels::cpu {
namespace {

constexpr float kLeastMagnitude = 0x1p-100f;

// Of signed whole numbers up to qmax.
Rounding Grid(float scale, float qmax) { return {.reciprocal = 1.f / scale, .least = -qmax, .most = qmax}; }

// Rounds rows with one instruction set.
class Rounder {
 public:
  Rounder(const RowKernels& kernels, WeightRounding rounding) : kernels_(kernels), rounding_(rounding) {}

  float LargestMagnitude(const float* weights, int count) const {
    const Extent extent = kernels_.extent(weights, count);
    return std::max(-extent.lo, extent.hi);
  }

  void RoundRow(const float* weights, const QuantizedWeights& row) const;
  void RoundGroupedRow(const float* weights, const QuantizedWeights& row) const;

 private:
  void WriteCodes(const float* weights, int count, int bits, float scale, float qmax, std::uint8_t* codes) const;

  template <typename Factor>
  float BestFactor(const float* weights, int width, float unit, float qmax, int count, Factor factor) const;

  const RowKernels& kernels_;
  WeightRounding rounding_;
};

void Rounder::WriteCodes(const float* weights, int count, int bits, float scale, float qmax, std::uint8_t* codes) const {
  const Rounding grid = Grid(scale, qmax);
  if (bits == 8) return kernels_.round(weights, count, grid, codes);
  std::uint8_t bytes[kWeightGroup * 4];
  for (int k = 0; k < count; k += static_cast<int>(sizeof(bytes))) {
    const int some = std::min(count - k, static_cast<int>(sizeof(bytes)));
    kernels_.round(weights + k, some, grid, bytes);
    for (int i = 0; i < some / 2; ++i) codes[k / 2 + i] = static_cast<std::uint8_t>((bytes[2 * i] & 15) | bytes[2 * i + 1] << 4);
  }
}

// The scale factor(i) * unit, i = 0 … count - 1, with the least error; of equal ones the first.
template <typename Factor>
float Rounder::BestFactor(const float* weights, int width, float unit, float qmax, int count, Factor factor) const {
  float best = factor(0), least = std::numeric_limits<float>::infinity();
  for (int i = 0; i < count; ++i) {
    const float scale = factor(i) * unit;
    const float error = kernels_.squared_error(weights, width, Grid(scale, qmax), scale);
    if (error < least) {
      least = error;
      best = factor(i);
    }
  }
  return best;
}

void Rounder::RoundRow(const float* weights, const QuantizedWeights& row) const {
  const float qmax = row.bits == 4 ? 7 : 127;
  float& scale = row.scales[0];
  scale = LargestMagnitude(weights, row.in) / qmax;
  if (rounding_ == WeightRounding::kMseClip) scale *= BestFactor(weights, row.in, scale, qmax, kClipRatios, ClipRatio);
  WriteCodes(weights, row.in, row.bits, scale, qmax, row.codes);
}

void Rounder::RoundGroupedRow(const float* weights, const QuantizedWeights& row) const {
  constexpr float kQMax = 7;
  const float scale = row.scales[0] = LargestMagnitude(weights, row.in) / (kMaxMultiplier * kQMax);
  for (int k = 0; k < row.in; k += kWeightGroup) {
    const float* group = weights + k;
    const float unclipped = std::ceil(LargestMagnitude(group, kWeightGroup) / (scale * kQMax));
    const float multiplier = rounding_ == WeightRounding::kNearest
                                 ? std::clamp(unclipped, 1.f, float{kMaxMultiplier})
                                 : BestFactor(group, kWeightGroup, scale, kQMax, kMaxMultiplier,
                                              [](int i) { return static_cast<float>(kMaxMultiplier - i); });
    row.multipliers[k / kWeightGroup] = static_cast<std::uint8_t>(multiplier);
    WriteCodes(group, kWeightGroup, row.bits, scale * multiplier, kQMax, row.codes + k / 2);
  }
}

void WriteZeros(const QuantizedWeights& row, float scale) {
  row.scales[0] = scale;
  std::fill_n(row.codes, row.row_bytes(), std::uint8_t{0});
  if (row.multipliers != nullptr) std::fill_n(row.multipliers, row.in / kWeightGroup, std::uint8_t{1});
}

}  // namespace

void RoundWeights(const float* weight, WeightRounding rounding, const QuantizedWeights& out, InstructionSet set) {
  const Rounder rounder(RowKernelsOf(set), rounding);
  for (int o = 0; o < out.out; ++o) {
    const QuantizedWeights row = out.Rows(o, 1);
    const float* from = weight + static_cast<std::ptrdiff_t>(o) * out.in;
    const float largest = rounder.LargestMagnitude(from, out.in);
    if (!std::isfinite(largest)) {
      WriteZeros(row, std::numeric_limits<float>::quiet_NaN());
    } else if (largest < kLeastMagnitude) {
      WriteZeros(row, 1);
    } else if (row.multipliers == nullptr) {
      rounder.RoundRow(from, row);
    } else {
      rounder.RoundGroupedRow(from, row);
    }
  }
}

void DequantizeWeights(const QuantizedWeights& weight, float* out) {
  std::vector<std::int16_t> row(static_cast<std::size_t>(weight.in));
  for (int o = 0; o < weight.out; ++o) {
    UnpackRow(weight, o, row.data());
    for (const std::int16_t q : row) *out++ = weight.scales[o] * static_cast<float>(q);
  }
}

}  // namespace stampd::kernels::cpu
