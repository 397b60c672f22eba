#include "engine/kernels/cpu/unpack_weights.h"

namespace stampd::kernels::cpu {
namespace {

// Two's complement of 4 bits.
std::int16_t Signed(int nibble) { return static_cast<std::int16_t>((nibble ^ 8) - 8); }

void UnpackNibbles(const std::uint8_t* codes, int count, std::int16_t* row) {
  for (int i = 0; i < count / 2; ++i) {
    row[2 * i] = Signed(codes[i] & 15);
    row[2 * i + 1] = Signed(codes[i] >> 4);
  }
}

}  // namespace

void UnpackRow(const QuantizedWeights& weight, int o, std::int16_t* row) {
  const QuantizedWeights one = weight.Rows(o, 1);
  if (weight.bits == 4) {
    UnpackNibbles(one.codes, weight.in, row);
  } else {
    for (int k = 0; k < weight.in; ++k) row[k] = static_cast<std::int8_t>(one.codes[k]);
  }
  if (weight.multipliers == nullptr) return;
  for (int k = 0; k < weight.in; ++k) row[k] = static_cast<std::int16_t>(row[k] * one.multipliers[k / kWeightGroup]);
}

}  // namespace stampd::kernels::cpu
