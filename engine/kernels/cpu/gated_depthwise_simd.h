#pragma once

#include "engine/kernels/cpu/arithmetic.h"
#include "engine/kernels/gated_depthwise.h"

// engine/kernels/gated_depthwise.h for registers of any width L (lanes128.h, lanes256.h, lanes512.h).

namespace stampd::kernels::cpu {
namespace {

template <typename L, typename T>
class GatedDepthwiseFilter {
 public:
  static void Run(TokenView<const T> x, const int* neighbours, DepthwiseFilters<float> filters, int first, int count,
                  TokenView<T> out) {
    for (int token = 0; token < x.rows; ++token, neighbours += 9) {
      const Near near(x, neighbours, filters.taps);
      T* const row = out.row(token);
      float values[kChannels], gates[kChannels];
      for (int c = first; c < first + count; c += kChannels) {
        const int channels = first + count - c < kChannels ? first + count - c : kChannels;
        near.Filter(c, channels, filters.bias, values);
        near.Filter(out.width + c, channels, filters.bias, gates);
        for (int i = 0; i < channels; ++i) row[c + i] = Rounded<T>(values[i] * Silu(gates[i]));
      }
    }
  }

 private:
  static constexpr int kChannels = 64;  // that are filtered before they are gated

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
      for (int i = 0; i < channels; i += L::kLanes) {
        const int c = first + i, left = channels - i;
        auto sum = L::LoadPart(bias + c, left);
        for (int n = 0; n < count_; ++n) sum = sum + L::LoadPart(taps_[n] + c, left) * L::LoadPart(rows_[n] + c, left);
        L::StoreFloats(out + i, sum, left);
      }
    }

   private:
    const T* rows_[9];
    const float* taps_[9];
    int count_ = 0;
  };
};

}  // namespace
}  // namespace stampd::kernels::cpu
