#pragma once

#include "engine/kernels/cpu/arithmetic.h"
#include "engine/kernels/linear_attention.h"

// engine/kernels/linear_attention.h for registers of any width L (lanes128.h, lanes256.h, lanes512.h).

namespace stampd::kernels::cpu {
namespace {

template <typename L>
struct LinearAttention {
  using Float = typename L::Float;
  static constexpr int kBlock = 64;    // tokens that are summed before they are added to the others' sum
  static constexpr int kTogether = 4;  // channels of keys, or queries, that share one reading of values, or sums

  static float Relu(float x) { return x < 0 ? 0 : x; }  // NaN stays NaN

  // The block's relu(k) in kTogether channels from `first`, zeros beyond the last.
  template <typename T>
  static void LoadKeys(TokenView<const T> k, int first, float (*keys)[kTogether]) {
    for (int t = 0; t < k.rows; ++t) {
      for (int i = 0; i < kTogether; ++i) keys[t][i] = first + i < k.width ? Relu(Value(k.row(t)[first + i])) : 0;
    }
  }

  template <typename T>
  static void AddBlock(TokenView<const T> k, TokenView<const T> v, float* sums) {
    const int width = k.width;
    float* const norms = sums + static_cast<std::ptrdiff_t>(width) * width;
    float keys[kBlock][kTogether];
    for (int c = 0; c < width; c += kTogether) {
      const int channels = width - c < kTogether ? width - c : kTogether;
      LoadKeys(k, c, keys);
      for (int i = 0; i < channels; ++i) {
        float norm = 0;
        for (int t = 0; t < k.rows; ++t) norm += keys[t][i];
        norms[c + i] += norm;
      }
      for (int e = 0; e < width; e += L::kLanes) {
        Float block[kTogether];
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) block[i] = L::AllFloats(0);
        for (int t = 0; t < k.rows; ++t) {
          const Float value = L::LoadPart(v.row(t) + e, width - e);
#pragma GCC unroll 4
          for (int i = 0; i < kTogether; ++i) block[i] = block[i] + L::AllFloats(keys[t][i]) * value;
        }
        for (int i = 0; i < channels; ++i) {
          float* const sum = sums + static_cast<std::ptrdiff_t>(c + i) * width + e;
          L::StoreFloats(sum, L::LoadPart(sum, width - e) + block[i], width - e);
        }
      }
    }
  }

  template <typename T>
  static void SumKeysAndValues(TokenView<const T> k, TokenView<const T> v, float* sums) {
    for (std::size_t i = 0; i < LinearAttentionSums(k.width); ++i) sums[i] = 0;
    for (int first = 0; first < k.rows; first += kBlock) {
      const int rows = k.rows - first < kBlock ? k.rows - first : kBlock;
      AddBlock<T>({k.row(first), rows, k.width, k.stride}, {v.row(first), rows, v.width, v.stride}, sums);
    }
  }

  template <typename T>
  static void Attend(TokenView<const T> q, const float* sums, TokenView<T> out) {
    const int width = q.width;
    const float* const norms = sums + static_cast<std::ptrdiff_t>(width) * width;
    float queries[kTogether][kMaxLinearHeadDim], weights[kTogether], row[L::kLanes];
    for (int first = 0; first < q.rows; first += kTogether) {
      const int rows = q.rows - first < kTogether ? q.rows - first : kTogether;
      for (int i = 0; i < kTogether; ++i) {
        float* const query = queries[i];
        for (int c = 0; c < width; ++c) query[c] = i < rows ? Relu(Value(q.row(first + i)[c])) : 0;
        weights[i] = Sum(width, [query, norms](int c) { return query[c] * norms[c]; }) + 1e-15f;
      }
      for (int e = 0; e < width; e += L::kLanes) {
        Float products[kTogether];
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) products[i] = L::AllFloats(0);
        for (int c = 0; c < width; ++c) {
          const Float sum = L::LoadPart(sums + static_cast<std::ptrdiff_t>(c) * width + e, width - e);
#pragma GCC unroll 4
          for (int i = 0; i < kTogether; ++i) products[i] = products[i] + L::AllFloats(queries[i][c]) * sum;
        }
        const int channels = width - e < L::kLanes ? width - e : L::kLanes;
        for (int i = 0; i < rows; ++i) {
          L::StoreFloats(row, products[i] / L::AllFloats(weights[i]), L::kLanes);
          for (int c = 0; c < channels; ++c) out.row(first + i)[e + c] = Rounded<T>(row[c]);
        }
      }
    }
  }
};

}  // namespace
}  // namespace stampd::kernels::cpu
