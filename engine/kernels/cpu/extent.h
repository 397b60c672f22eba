#pragma once

#include <algorithm>

#include "engine/kernels/cpu/float4.h"

namespace stampd::kernels::cpu {

/// The smallest and the largest of some numbers and of zero; both NaN if one of the numbers is not finite.
struct Extent {
  float lo = 0;
  float hi = 0;
};

inline Extent ExtentOf(const float* x, int count) {
  Float4 lo{}, hi{}, nothing{};
  for (int i = 0; i < count; i += 4) {
    const Float4 value = LoadPart(x + i, count - i);
    lo = Min(value, lo);
    hi = Max(value, hi);
    nothing += value - value;  // 0, unless it is infinite or NaN
  }
  const float poison = nothing[0] + nothing[1] + nothing[2] + nothing[3];
  return {std::min({lo[0], lo[1], lo[2], lo[3]}) + poison, std::max({hi[0], hi[1], hi[2], hi[3]}) + poison};
}

}  // namespace stampd::kernels::cpu
