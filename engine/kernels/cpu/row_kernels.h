#pragma once

#include <cstdint>

namespace stampd::kernels::cpu {

enum class InstructionSet : std::uint8_t;

/// The smallest and the largest of some numbers and of zero; both NaN if one of the numbers is not finite.
struct Extent {
  float lo = 0;
  float hi = 0;
};

/// Numbers become clamp(round(x * reciprocal) + zero, least, most), round() to the nearest and half to even.
struct Rounding {
  float reciprocal = 0;
  float zero = 0;
  float least = 0;
  float most = 0;
};

/// The loops over the channels of a row that are written once (row_kernels_simd.h) and compiled for several instruction sets. One
/// operation at a time: no sum is reordered, no product fused with a sum, so that results do not depend on the processor.
struct RowKernels {
  Extent (*extent)(const float* x, int count);

  /// `codes` are bytes, signed ones or unsigned ones as the limits say.
  void (*round)(const float* x, int count, const Rounding& rounding, void* codes);

  /// The sum of (x - round(x) * scale)², for a zero of 0: element k enters the partial sum s[k mod 16], and then
  /// t[q] = (s[q] + s[q + 4]) + (s[q + 8] + s[q + 12]), (t[0] + t[1]) + (t[2] + t[3]).
  float (*squared_error)(const float* x, int count, const Rounding& rounding, float scale);

  /// x <- x * factors.
  void (*multiply)(float* x, const float* factors, int count);

  /// x <- Hadamard(x) * factor, butterflies a + b, a - b on elements 1, 2, 4, … size/2 apart; size is a power of two.
  void (*hadamard)(float* x, int size, float factor);

  /// a, b <- (a + b) * factor, (a - b) * factor.
  void (*butterfly)(float* a, float* b, int count, float factor);

  /// With t = a + b, u = a - b, v = c + d, w = c - d: a, b, c, d <- (t + v) / 2, (u + w) / 2, (t - v) / 2, (u - w) / 2.
  void (*butterfly4)(float* a, float* b, float* c, float* d, int count);
};

const RowKernels& RowKernelsOf(InstructionSet set);

extern const RowKernels kSse2Rows;
extern const RowKernels kAvx2Rows;
extern const RowKernels kAvx512Rows;

}  // namespace stampd::kernels::cpu
