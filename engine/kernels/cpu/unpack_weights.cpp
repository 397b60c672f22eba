#include "engine/kernels/cpu/unpack_weights.h"

namespace stampd::kernels::cpu {
namespace {

// Two's complement of 4 and of 8 bits.
std::int16_t SignedNibble(int nibble) { return static_cast<std::int16_t>((nibble ^ 8) - 8); }
std::int16_t SignedByte(int byte) { return static_cast<std::int16_t>((byte ^ 128) - 128); }

void UnpackNibbles(const std::uint8_t* codes, int count, std::int16_t* row) {
  for (int i = 0; i < count / 2; ++i) {
    row[2 * i] = SignedNibble(codes[i] & 15);
    row[2 * i + 1] = SignedNibble(codes[i] >> 4);
  }
}

}  // namespace

void UnpackRow(const QuantizedWeights& weight, int o, std::int16_t* row) {
  const QuantizedWeights one = weight.Rows(o, 1);
  if (weight.bits == 4) {
    UnpackNibbles(one.codes, weight.in, row);
  } else {
    for (int k = 0; k < weight.in; ++k) row[k] = SignedByte(one.codes[k]);
  }
  if (weight.multipliers == nullptr) return;
  for (int k = 0; k < weight.in; ++k) row[k] = static_cast<std::int16_t>(row[k] * one.multipliers[k / kWeightGroup]);
}

}  // namespace stampd::kernels::cpu
