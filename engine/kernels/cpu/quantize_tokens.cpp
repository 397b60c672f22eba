#include "engine/kernels/quantize_tokens.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/cpu/row_kernels.h"

namespace stampd::kernels::cpu {
namespace {

constexpr float kLeastRange = 0x1p-100f;

// How a group's numbers become codes.
struct Scale {
  float scale = 1;
  Rounding rounding;  // whose reciprocal is 0 for a group without range, so that it has code = zero throughout
};

// As RowKernels::round does.
float RoundEven(float value) {
  constexpr float kUnit = 12582912.f;
  return (value + kUnit) - kUnit;
}

Scale AsymmetricScale(Extent extent, int bits, float clip) {
  Scale scale;
  scale.rounding.most = static_cast<float>((1 << bits) - 1);
  const float lo = clip * extent.lo, hi = clip * extent.hi;
  const float range = hi - lo;
  if (range < kLeastRange) return scale;
  scale.scale = range / scale.rounding.most;
  scale.rounding.reciprocal = 1.f / scale.scale;
  scale.rounding.zero = RoundEven(-lo * scale.rounding.reciprocal);
  return scale;
}

Scale SymmetricScale(Extent extent, int bits, float clip) {
  Scale scale;
  const auto zero = static_cast<float>(1 << (bits - 1));
  scale.rounding.zero = zero;
  scale.rounding.least = 1;
  scale.rounding.most = 2 * zero - 1;
  const float range = clip * std::max(-extent.lo, extent.hi);
  if (range < kLeastRange) return scale;
  scale.scale = range / (zero - 1);
  scale.rounding.reciprocal = 1.f / scale.scale;
  return scale;
}

void QuantizeGroup(const RowKernels& kernels, const float* x, int count, int bits, TokenRounding rounding, std::uint8_t* codes,
                   float& scale, std::uint8_t& zero) {
  const Extent extent = kernels.extent(x, count);
  if (std::isfinite(extent.lo)) {
    const Scale chosen =
        rounding.symmetric ? SymmetricScale(extent, bits, rounding.clip) : AsymmetricScale(extent, bits, rounding.clip);
    kernels.round(x, count, chosen.rounding, codes);
    scale = chosen.scale;
    zero = static_cast<std::uint8_t>(chosen.rounding.zero);
  } else {
    std::fill_n(codes, count, std::uint8_t{0});
    scale = std::numeric_limits<float>::quiet_NaN();
    zero = 0;
  }
}

}  // namespace

void QuantizeTokens(TokenView<const float> x, const std::uint8_t* bits, TokenRounding rounding, const QuantizedTokens& out,
                    InstructionSet set) {
  const RowKernels& kernels = RowKernelsOf(set);
  const int count = out.group_width();
  for (int r = 0; r < x.rows; ++r) {
    const QuantizedTokens row = out.Rows(r, 1);
    for (int g = 0; g < out.groups; ++g) {
      QuantizeGroup(kernels, x.row(r) + g * count, count, bits[r], rounding, row.codes + g * count, row.scales[g], row.zeros[g]);
    }
  }
}

void DequantizeTokens(const QuantizedTokens& x, TokenView<float> out) {
  for (int r = 0; r < x.rows; ++r) {
    const QuantizedTokens row = x.Rows(r, 1);
    for (int c = 0; c < x.width; ++c) {
      const int g = c / x.group_width();
      out.row(r)[c] = (static_cast<float>(row.codes[c]) - static_cast<float>(row.zeros[g])) * row.scales[g];
    }
  }
}

}  // namespace stampd::kernels::cpu
