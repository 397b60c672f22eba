#pragma once

#include <cstddef>
#include <cstdint>

namespace stampd::kernels {

/// Activations as whole numbers: element c of row t stands for (codes[t][c] - zeros[t][g]) * scales[t][g], g = c / group_width().
///
/// Rows of different bits lie side by side, a byte an element whatever their bits: 4-bit rows have codes 0 … 15, 8-bit ones
/// 0 … 255. Arrays are dense; the struct owns nothing.
struct QuantizedTokens {
  std::uint8_t* codes = nullptr;  // [rows, width]
  float* scales = nullptr;        // [rows, groups]
  std::uint8_t* zeros = nullptr;  // [rows, groups]
  int rows = 0;
  int width = 0;
  int groups = 1;  // of equally many consecutive channels each; if several, a multiple of 8

  int group_width() const { return width / groups; }

  QuantizedTokens Rows(int first, int count) const {
    const std::ptrdiff_t at = first;
    return {codes + at * width, scales + at * groups, zeros + at * groups, count, width, groups};
  }
};

}  // namespace stampd::kernels
