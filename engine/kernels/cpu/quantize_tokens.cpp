#include "engine/kernels/quantize_tokens.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/cpu/extent.h"
#include "engine/kernels/cpu/float4.h"

namespace stampd::kernels::cpu {
namespace {

constexpr float kLeastRange = 0x1p-100f;

// How a group's numbers become codes.
struct Scale {
  float scale = 1;
  float reciprocal = 0;  // so that a group without range has code = zero throughout
  float zero = 0;
  float least = 0;  // code
  float most = 0;
};

Scale AsymmetricScale(Extent extent, int bits, float clip) {
  Scale scale;
  scale.most = static_cast<float>((1 << bits) - 1);
  const float lo = clip * extent.lo, hi = clip * extent.hi;
  const float range = hi - lo;
  if (range < kLeastRange) return scale;
  scale.scale = range / scale.most;
  scale.reciprocal = 1.f / scale.scale;
  scale.zero = RoundEven(-lo * scale.reciprocal);
  return scale;
}

Scale SymmetricScale(Extent extent, int bits, float clip) {
  Scale scale;
  scale.zero = static_cast<float>(1 << (bits - 1));
  scale.least = 1;
  scale.most = 2 * scale.zero - 1;
  const float range = clip * std::max(-extent.lo, extent.hi);
  if (range < kLeastRange) return scale;
  scale.scale = range / (scale.zero - 1);
  scale.reciprocal = 1.f / scale.scale;
  return scale;
}

void WriteCodes(const float* x, int count, const Scale& scale, std::uint8_t* codes) {
  const Float4 reciprocal = AllLanes(scale.reciprocal), zero = AllLanes(scale.zero);
  const Float4 least = AllLanes(scale.least), most = AllLanes(scale.most);
  for (int i = 0; i < count; i += 4) {
    const Float4 code = RoundEven(LoadPart(x + i, count - i) * reciprocal) + zero;
    StoreBytes(Min(Max(code, least), most), codes + i, count - i);
  }
}

void QuantizeGroup(const float* x, int count, int bits, TokenRounding rounding, std::uint8_t* codes, float& scale,
                   std::uint8_t& zero) {
  const Extent extent = ExtentOf(x, count);
  if (std::isfinite(extent.lo)) {
    const Scale chosen =
        rounding.symmetric ? SymmetricScale(extent, bits, rounding.clip) : AsymmetricScale(extent, bits, rounding.clip);
    WriteCodes(x, count, chosen, codes);
    scale = chosen.scale;
    zero = static_cast<std::uint8_t>(chosen.zero);
  } else {
    std::fill_n(codes, count, std::uint8_t{0});
    scale = std::numeric_limits<float>::quiet_NaN();
    zero = 0;
  }
}

}  // namespace

void QuantizeTokens(TokenView<const float> x, const std::uint8_t* bits, TokenRounding rounding, const QuantizedTokens& out) {
  const int count = out.group_width();
  for (int r = 0; r < x.rows; ++r) {
    const QuantizedTokens row = out.Rows(r, 1);
    for (int g = 0; g < out.groups; ++g) {
      QuantizeGroup(x.row(r) + g * count, count, bits[r], rounding, row.codes + g * count, row.scales[g], row.zeros[g]);
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
