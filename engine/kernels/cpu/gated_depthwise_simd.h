#pragma once

#include "engine/kernels/cpu/arithmetic.h"
#include "engine/kernels/gated_depthwise.h"

// engine/kernels/gated_depthwise.h for registers of any width L (lanes128.h, lanes256.h, lanes512.h).

namespace stampd::kernels::cpu {
namespace {

template <typename L, typename T>
class GatedDepthwiseFilter {
  using Float = typename L::Float;

 public:
  static void Run(TokenView<const T> x, const int* neighbours, DepthwiseFilters<float> filters, int first, int count,
                  TokenView<T> out) {
    for (int c = 0; c < out.width; c += kChannels) {
      const int channels = out.width - c < kChannels ? out.width - c : kChannels;
      for (int token = first; token < first + count; ++token) {
        const Near near(x, neighbours + static_cast<std::ptrdiff_t>(9) * token, filters.taps);
        if (c + kChannels < out.width) {
          Prefetch(x.row(token) + c + kChannels);
          Prefetch(x.row(token) + out.width + c + kChannels);
        }
        float values[kChannels], gates[kChannels];
        near.Filter(c, channels, filters.bias, values);
        near.Filter(out.width + c, channels, filters.bias, gates);
        T* const row = out.row(token) + c;
        for (int i = 0; i < channels; ++i) values[i] = values[i] * Silu(gates[i]);
        for (int i = 0; i < channels; ++i) row[i] = Rounded<T>(values[i]);
      }
    }
  }

 private:
  static constexpr int kChannels = 128;  // that are filtered before they are gated, and before the next token is looked at

  // The next channels of a token: rows lie pages apart, too far for the processor to see what comes.
  static void Prefetch(const T* from) {
    constexpr int kCacheLine = 64 / sizeof(T);
    for (int i = 0; i < kChannels; i += kCacheLine) __builtin_prefetch(from + i);
  }

  // A token's neighbours inside the picture, and their taps.
  class Near {
   public:
    Near(TokenView<const T> x, const int* neighbours, const float* taps) {
      for (int i = 0; i < 9; ++i) {
        if (neighbours[i] < 0) continue;
        rows_[count_] = x.row(neighbours[i]);
        taps_[count_++] = taps + static_cast<std::ptrdiff_t>(i) * x.width;
      }
    }

    void Filter(int first, int channels, const float* bias, float* out) const {
      int i = 0;
      for (; i + kTogether * L::kLanes <= channels; i += kTogether * L::kLanes) Filter<kTogether>(first + i, bias, out + i);
      for (; i + L::kLanes <= channels; i += L::kLanes) Filter<1>(first + i, bias, out + i);
      if (i == channels) return;
      const int c = first + i, left = channels - i;
      Float sum = L::LoadPart(bias + c, left);
      for (int n = 0; n < count_; ++n) sum = sum + L::LoadPart(taps_[n] + c, left) * L::LoadPart(rows_[n] + c, left);
      L::StoreFloats(out + i, sum, left);
    }

   private:
    static constexpr int kTogether = 4;  // registers whose sums hide each other's latency

    template <int V>
    void Filter(int c, const float* bias, float* out) const {
      Float sums[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[v] = L::LoadFloats(bias + c + v * L::kLanes);
      for (int n = 0; n < count_; ++n) {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          const int at = c + v * L::kLanes;
          sums[v] = sums[v] + L::LoadFloats(taps_[n] + at) * L::LoadFloats(rows_[n] + at);
        }
      }
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) L::StoreFloats(out + v * L::kLanes, sums[v], L::kLanes);
    }

    const T* rows_[9];
    const float* taps_[9];
    int count_ = 0;
  };
};

}  // namespace
}  // namespace stampd::kernels::cpu
