#pragma once

#include "engine/kernels/cpu/row_kernels.h"

// RowKernels for registers of any width L (lanes128.h, lanes256.h, lanes512.h).

namespace stampd::kernels::cpu {
namespace {

template <typename L>
struct Rows {
  using Float = typename L::Float;
  static constexpr int kLanes = L::kLanes;

  struct Grid {
    explicit Grid(const Rounding& rounding)
        : reciprocal(L::AllFloats(rounding.reciprocal)),
          zero(L::AllFloats(rounding.zero)),
          least(L::AllFloats(rounding.least)),
          most(L::AllFloats(rounding.most)) {}
    Float Round(Float x) const { return L::Min(L::Max(L::RoundEven(x * reciprocal) + zero, least), most); }
    Float RoundCentred(Float x) const { return L::Min(L::Max(L::RoundEven(x * reciprocal), least), most); }  // where zero is 0

    Float reciprocal, zero, least, most;
  };

  static Extent FindExtent(const float* x, int count) {
    Float lo = L::AllFloats(0), hi = lo, nothing = lo;
    const auto see = [&](Float value) {
      lo = L::Min(value, lo);
      hi = L::Max(value, hi);
      nothing = nothing + (value - value);  // 0, unless it is infinite or NaN
    };
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) see(L::LoadFloats(x + i));
    if (i < count) see(L::LoadPart(x + i, count - i));
    Extent extent;
    float poison = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      extent.lo = lo[lane] < extent.lo ? lo[lane] : extent.lo;
      extent.hi = hi[lane] > extent.hi ? hi[lane] : extent.hi;
      poison += nothing[lane];
    }
    return {extent.lo + poison, extent.hi + poison};
  }

  static void Round(const float* x, int count, const Rounding& rounding, void* codes) {
    const Grid grid(rounding);
    auto* const bytes = static_cast<std::uint8_t*>(codes);
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) L::StoreBytes(bytes + i, grid.Round(L::LoadFloats(x + i)), kLanes);
    if (i < count) L::StoreBytes(bytes + i, grid.Round(L::LoadPart(x + i, count - i)), count - i);
  }

  static float SquaredError(const float* x, int count, const Rounding& rounding, float scale) {
    constexpr int kSums = 16, kVectors = kSums / kLanes;
    const Grid grid(rounding);
    const Float factor = L::AllFloats(scale);
    Float sums[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[v] = L::AllFloats(0);
    const auto add = [&](Float& sum, Float value) {
      const Float error = value - grid.RoundCentred(value) * factor;
      sum = sum + error * error;
    };
    int k = 0;
    for (; k + kSums <= count; k += kSums) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) add(sums[v], L::LoadFloats(x + k + v * kLanes));
    }
    for (int v = 0; k < count; ++v, k += kLanes) add(sums[v], L::LoadPart(x + k, count - k));
    float lanes[kSums], quarters[4];
    for (int v = 0; v < kVectors; ++v) L::StoreFloats(lanes + v * kLanes, sums[v], kLanes);
    for (int q = 0; q < 4; ++q) quarters[q] = (lanes[q] + lanes[q + 4]) + (lanes[q + 8] + lanes[q + 12]);
    return (quarters[0] + quarters[1]) + (quarters[2] + quarters[3]);
  }

  static void Multiply(float* x, const float* factors, int count) {
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) L::StoreFloats(x + i, L::LoadFloats(x + i) * L::LoadFloats(factors + i), kLanes);
    if (i == count) return;
    L::StoreFloats(x + i, L::LoadPart(x + i, count - i) * L::LoadPart(factors + i, count - i), count - i);
  }

  static void Butterfly(float* a, float* b, int count, float factor) {
    const Float f = L::AllFloats(factor);
    const auto at = [&](int i, Float left, Float right, int part) {
      L::StoreFloats(a + i, (left + right) * f, part);
      L::StoreFloats(b + i, (left - right) * f, part);
    };
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) at(i, L::LoadFloats(a + i), L::LoadFloats(b + i), kLanes);
    if (i < count) at(i, L::LoadPart(a + i, count - i), L::LoadPart(b + i, count - i), count - i);
  }

  static void Butterfly4(float* a, float* b, float* c, float* d, int count) {
    const Float half = L::AllFloats(0.5f);
    const auto at = [&](int i, Float va, Float vb, Float vc, Float vd, int part) {
      const Float top_sum = va + vb, top_difference = va - vb, bottom_sum = vc + vd, bottom_difference = vc - vd;
      L::StoreFloats(a + i, (top_sum + bottom_sum) * half, part);
      L::StoreFloats(b + i, (top_difference + bottom_difference) * half, part);
      L::StoreFloats(c + i, (top_sum - bottom_sum) * half, part);
      L::StoreFloats(d + i, (top_difference - bottom_difference) * half, part);
    };
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      at(i, L::LoadFloats(a + i), L::LoadFloats(b + i), L::LoadFloats(c + i), L::LoadFloats(d + i), kLanes);
    }
    if (const int part = count - i; part > 0) {
      at(i, L::LoadPart(a + i, part), L::LoadPart(b + i, part), L::LoadPart(c + i, part), L::LoadPart(d + i, part), part);
    }
  }

  // Butterflies between lanes Distance, 2 * Distance, … < size apart.
  template <int Distance>
  static Float WithinRegister(Float x, int size) {
    if constexpr (Distance < kLanes) {
      if (Distance >= size) return x;
      return WithinRegister<2 * Distance>(L::template Swap<Distance>(x) + L::template NegateRight<Distance>(x), size);
    }
    return x;
  }

  // The levels of up to V registers, in registers; the last ones' factor is given to all.
  template <int V>
  static void HadamardRegisters(float* x, int size, Float factor) {
    Float values[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) values[v] = WithinRegister<1>(L::LoadFloats(x + v * kLanes), size);
#pragma GCC unroll 8
    for (int distance = 1; distance < V; distance *= 2) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        if ((v & distance) != 0) continue;
        const Float a = values[v], b = values[v + distance];
        values[v] = a + b;
        values[v + distance] = a - b;
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) L::StoreFloats(x + v * kLanes, values[v] * factor, kLanes);
  }

  // A block smaller than a register.
  static void HadamardPart(float* x, int size, Float factor) {
    L::StoreFloats(x, WithinRegister<1>(L::LoadPart(x, size), size) * factor, size);
  }

  static void Hadamard(float* x, int size, float factor) {
    constexpr int kMost = 8;
    const Float f = L::AllFloats(factor);
    if (size < kLanes) return HadamardPart(x, size, f);
    if (size == kLanes) return HadamardRegisters<1>(x, size, f);
    if (size == 2 * kLanes) return HadamardRegisters<2>(x, size, f);
    if (size == 4 * kLanes) return HadamardRegisters<4>(x, size, f);
    if (size == kMost * kLanes) return HadamardRegisters<kMost>(x, size, f);
    for (int i = 0; i < size; i += kMost * kLanes) HadamardRegisters<kMost>(x + i, size, L::AllFloats(1));
    for (int distance = kMost * kLanes; distance < size; distance *= 2) {
      for (int i = 0; i < size; i += 2 * distance) Butterfly(x + i, x + i + distance, distance, 2 * distance == size ? factor : 1);
    }
  }

  static constexpr RowKernels kKernels{.extent = FindExtent,
                                       .round = Round,
                                       .squared_error = SquaredError,
                                       .multiply = Multiply,
                                       .hadamard = Hadamard,
                                       .butterfly = Butterfly,
                                       .butterfly4 = Butterfly4};
};

}  // namespace
}  // namespace stampd::kernels::cpu
