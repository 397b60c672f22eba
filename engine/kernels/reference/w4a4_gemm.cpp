#include "engine/kernels/w4a4_gemm.h"

namespace stampd::kernels::reference {
namespace {

// m q of element (o, k).
int Element(const QuantizedWeights& weight, int o, int k) {
  const QuantizedWeights row = weight.Rows(o, 1);
  if (weight.bits == 8) return static_cast<std::int8_t>(row.codes[k]);
  const int nibble = k % 2 == 0 ? row.codes[k / 2] % 16 : row.codes[k / 2] / 16;
  const int q = nibble < 8 ? nibble : nibble - 16;
  return row.multipliers == nullptr ? q : q * row.multipliers[k / kWeightGroup];
}

}  // namespace

void Multiply(const QuantizedTokens& x, const QuantizedWeights& weight, TokenView<double> y) {
  for (int t = 0; t < x.rows; ++t) {
    const QuantizedTokens row = x.Rows(t, 1);
    for (int o = 0; o < weight.out; ++o) {
      double sum = 0;
      for (int g = 0; g < x.groups; ++g) {
        std::int64_t products = 0;
        for (int k = g * x.group_width(); k < (g + 1) * x.group_width(); ++k) {
          products += static_cast<std::int64_t>(row.codes[k] - row.zeros[g]) * Element(weight, o, k);
        }
        sum += static_cast<double>(products) * row.scales[g];
      }
      y.row(t)[o] = sum * weight.scales[o];
    }
  }
}

}  // namespace stampd::kernels::reference
