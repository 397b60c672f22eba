#include "engine/kernels/round_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/kernels/cpu/extent.h"
#include "engine/kernels/cpu/float4.h"
#include "engine/kernels/cpu/unpack_weights.h"

namespace stampd::kernels::cpu {
namespace {

constexpr float kLeastMagnitude = 0x1p-100f;

float LargestMagnitude(const float* weights, int count) {
  const Extent extent = ExtentOf(weights, count);
  return std::max(-extent.lo, extent.hi);
}

// Numbers of one scale, to the nearest whole number of -qmax … qmax.
struct Grid {
  Grid(float scale, float qmax)
      : scale(AllLanes(scale)), reciprocal(AllLanes(1.f / scale)), least(AllLanes(-qmax)), most(AllLanes(qmax)) {}

  Float4 Round(Float4 weights) const { return Min(Max(RoundEven(weights * reciprocal), least), most); }

  Float4 SquaredError(Float4 weights) const {
    const Float4 error = weights - Round(weights) * scale;
    return error * error;
  }

  Float4 scale, reciprocal, least, most;
};

// In 16 partial sums: with fewer, each addition would wait for the last one.
float SquaredError(const float* weights, int count, const Grid& grid) {
  Float4 sums[4] = {};
  int k = 0;
  for (; k + 16 <= count; k += 16) {
    for (int i = 0; i < 4; ++i) sums[i] += grid.SquaredError(Load(weights + k + 4 * i));
  }
  for (int i = 0; k < count; ++i, k += 4) sums[i] += grid.SquaredError(LoadPart(weights + k, count - k));
  const Float4 sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// Whole numbers from the row's weights, four at a time: `put(k, lanes)`.
template <typename Put>
void ForCodes(const float* weights, int count, const Grid& grid, Put put) {
  for (int k = 0; k < count; k += 4) put(k, grid.Round(LoadPart(weights + k, count - k)));
}

void WriteCodes(const float* weights, int count, int bits, const Grid& grid, std::uint8_t* codes) {
  const auto byte = [](float q) { return static_cast<std::uint8_t>(static_cast<std::int8_t>(q)); };
  ForCodes(weights, count, grid, [&](int k, Float4 q) {
    for (int i = 0; i < std::min(4, count - k); ++i) {
      if (bits == 8) {
        codes[k + i] = byte(q[i]);
      } else if (i % 2 == 0) {
        codes[(k + i) / 2] = byte(q[i]) & 15;
      } else {
        codes[(k + i) / 2] |= static_cast<std::uint8_t>(byte(q[i]) << 4);
      }
    }
  });
}

// The scale factor(i) * unit, i = 0 … count - 1, with the least error; of equal ones the first.
template <typename Factor>
float BestFactor(const float* weights, int width, float unit, float qmax, int count, Factor factor) {
  float best = factor(0), least = std::numeric_limits<float>::infinity();
  for (int i = 0; i < count; ++i) {
    const float error = SquaredError(weights, width, Grid(factor(i) * unit, qmax));
    if (error < least) {
      least = error;
      best = factor(i);
    }
  }
  return best;
}

void RoundRow(const float* weights, WeightRounding rounding, const QuantizedWeights& row) {
  const float qmax = row.bits == 4 ? 7 : 127;
  float& scale = row.scales[0];
  scale = LargestMagnitude(weights, row.in) / qmax;
  if (rounding == WeightRounding::kMseClip) scale *= BestFactor(weights, row.in, scale, qmax, kClipRatios, ClipRatio);
  WriteCodes(weights, row.in, row.bits, Grid(scale, qmax), row.codes);
}

void RoundGroupedRow(const float* weights, WeightRounding rounding, const QuantizedWeights& row) {
  constexpr float kQMax = 7;
  const float scale = row.scales[0] = LargestMagnitude(weights, row.in) / (kMaxMultiplier * kQMax);
  for (int k = 0; k < row.in; k += kWeightGroup) {
    const float* group = weights + k;
    const float unclipped = std::ceil(LargestMagnitude(group, kWeightGroup) / (scale * kQMax));
    const float multiplier = rounding == WeightRounding::kNearest
                                 ? std::clamp(unclipped, 1.f, float{kMaxMultiplier})
                                 : BestFactor(group, kWeightGroup, scale, kQMax, kMaxMultiplier,
                                              [](int i) { return static_cast<float>(kMaxMultiplier - i); });
    row.multipliers[k / kWeightGroup] = static_cast<std::uint8_t>(multiplier);
    WriteCodes(group, kWeightGroup, row.bits, Grid(scale * multiplier, kQMax), row.codes + k / 2);
  }
}

void WriteZeros(const QuantizedWeights& row, float scale) {
  row.scales[0] = scale;
  std::fill_n(row.codes, row.row_bytes(), std::uint8_t{0});
  if (row.multipliers != nullptr) std::fill_n(row.multipliers, row.in / kWeightGroup, std::uint8_t{1});
}

}  // namespace

void RoundWeights(const float* weight, WeightRounding rounding, const QuantizedWeights& out) {
  for (int o = 0; o < out.out; ++o) {
    const QuantizedWeights row = out.Rows(o, 1);
    const float* from = weight + static_cast<std::ptrdiff_t>(o) * out.in;
    const float largest = LargestMagnitude(from, out.in);
    if (!std::isfinite(largest)) {
      WriteZeros(row, std::numeric_limits<float>::quiet_NaN());
    } else if (largest < kLeastMagnitude) {
      WriteZeros(row, 1);
    } else if (row.multipliers == nullptr) {
      RoundRow(from, rounding, row);
    } else {
      RoundGroupedRow(from, rounding, row);
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
