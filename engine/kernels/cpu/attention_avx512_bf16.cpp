#include <immintrin.h>

#include "engine/kernels/attention.h"

// The only file that is compiled for AVX-512 with BF16. It includes nothing with inline code that other files might share, or they
// might be given this file's copy and die of it on older processors.

namespace stampd::kernels::cpu {
namespace {

using std::ptrdiff_t;
using std::size_t;
using Word = std::uint32_t;  // two bf16 that are multiplied and summed together

constexpr int kLanes = 16;         // floats, or pairs of bf16, in a register
constexpr int kRows = 6;           // queries in flight: 6 x 4 scores or 6 x 5 outputs fill the 32 registers
constexpr int kScoreVectors = 4;   // 64 keys
constexpr int kOutputVectors = 5;  // 80 channels
constexpr int kQueryBlock = 24;    // that keys and values are read from the second-level cache once for
constexpr int kKeyBlock = 1024;    // between two corrections of the running maximum; its scores stay in the second-level cache
constexpr int kValueTile = 128;    // keys whose values stay in the first-level cache
constexpr int kMaxHeadDim = 256;
// From one row of the workspace to the next: off the powers of two, at which rows would fall into the same cache lines' sets.
constexpr int kScoreStride = kKeyBlock + 16;
constexpr int kWeightStride = kKeyBlock + 32;
constexpr int kQueryStride = kMaxHeadDim / 2 + 16;
constexpr int kOutputStride = kMaxHeadDim + 16;
constexpr float kLog2E = 1.44269504088896340736f;

constexpr int CeilDiv(int a, int b) { return (a + b - 1) / b; }
constexpr int Smaller(int a, int b) { return a < b ? a : b; }

// Keys: per 16 keys, per pair of channels, 16 words. Values: per pair of keys, a word per channel, channels padded to 16.
struct PackedHead {
  PackedHead(int keys, int head_dim)
      : pairs(CeilDiv(head_dim, 2)), key_groups(CeilDiv(keys, kLanes)), channels(CeilDiv(head_dim, kLanes) * kLanes) {}
  size_t key_words() const { return static_cast<size_t>(key_groups) * kLanes * pairs; }
  size_t value_words() const { return static_cast<size_t>(key_groups) * (kLanes / 2) * channels; }

  int pairs;
  int key_groups;
  int channels;
};

Word Pair(Bf16 low, Bf16 high) { return Word{low.bits} | Word{high.bits} << 16; }

__m512bh AsPairs(__m512i words) { return reinterpret_cast<__m512bh>(words); }

// 2^x for x <= 0, to a few units in the last place; NaN stays NaN.
__m512 Exp2(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-150.f), x);
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, whole);
  __m512 p = _mm512_set1_ps(1.3333558e-3f);  // ln(2)^k / k!, k = 5 … 0
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.6181291e-3f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.5504109e-2f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.4022651e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.9314718e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.f));
  return _mm512_scalef_ps(p, whole);
}

// One head's queries, 24 at a time, with all that is between them and their outputs.
struct Workspace {
  alignas(64) Word q[kQueryBlock][kQueryStride];
  alignas(64) float scores[kQueryBlock][kScoreStride];
  alignas(64) Bf16 weights[kQueryBlock][kWeightStride];
  alignas(64) float out[kQueryBlock][kOutputStride];
  float largest[kQueryBlock];
  float sum[kQueryBlock];
};

// scores[r][key] = scale * q[r] k[key] for R queries and V * 16 keys.
template <int R, int V>
void Scores(const Word (*q)[kQueryStride], const Word* k, int pairs, __m512 scale, float (*scores)[kScoreStride]) {
  __m512 sums[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[r][v] = _mm512_setzero_ps();
  }
  for (int pair = 0; pair < pairs; ++pair) {
    __m512bh keys[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) keys[v] = AsPairs(_mm512_loadu_si512(k + (v * pairs + pair) * kLanes));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512bh query = AsPairs(_mm512_set1_epi32(static_cast<int>(q[r][pair])));
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], keys[v], query);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) _mm512_store_ps(scores[r] + v * kLanes, _mm512_mul_ps(sums[r][v], scale));
  }
}

// out[r][channel] += weights[r] v for R queries, V * 16 channels and some pairs of keys.
template <int R, int V>
void Accumulate(const Bf16 (*weights)[kWeightStride], const Word* values, int channels, int key_pairs,
                float (*out)[kOutputStride]) {
  __m512 sums[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[r][v] = _mm512_load_ps(out[r] + v * kLanes);
  }
  for (int pair = 0; pair < key_pairs; ++pair) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const __m512bh value = AsPairs(_mm512_loadu_si512(values + static_cast<ptrdiff_t>(pair) * channels + v * kLanes));
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        int weight;
        __builtin_memcpy(&weight, weights[r] + 2 * pair, sizeof weight);
        sums[r][v] = _mm512_dpbf16_ps(sums[r][v], value, AsPairs(_mm512_set1_epi32(weight)));
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) _mm512_store_ps(out[r] + v * kLanes, sums[r][v]);
  }
}

// Calls f.operator()<R, V>() for run-time r in 1 … R and v in 1 … V.
template <int R, int V, typename F>
void ForSizes(int r, int v, const F& f) {
  if constexpr (R > 1) {
    if (r < R) return ForSizes<R - 1, V>(r, v, f);
  }
  if constexpr (V > 1) {
    if (v < V) return ForSizes<R, V - 1>(r, v, f);
  }
  f.template operator()<R, V>();
}

void AllScores(Workspace& w, int rows, const Word* k, int pairs, int groups, float scale) {
  const __m512 factor = _mm512_set1_ps(scale * kLog2E);
  for (int group = 0; group < groups; group += kScoreVectors) {
    for (int r = 0; r < rows; r += kRows) {
      ForSizes<kRows, kScoreVectors>(Smaller(kRows, rows - r), Smaller(kScoreVectors, groups - group), [&]<int R, int V>() {
        Scores<R, V>(w.q + r, k + static_cast<ptrdiff_t>(group) * kLanes * pairs, pairs, factor,
                     reinterpret_cast<float(*)[kScoreStride]>(w.scores[r] + group * kLanes));
      });
    }
  }
}

// Lanes of a group of 16 keys that are keys.
__mmask16 Present(int first_key, int keys) {
  const int left = keys - first_key;
  return left >= kLanes ? 0xffff : static_cast<__mmask16>((1u << left) - 1);
}

float LargestScore(const float* scores, int keys) {
  __m512 largest = _mm512_set1_ps(-__builtin_inff());
  for (int key = 0; key < keys; key += kLanes) {
    largest = _mm512_mask_max_ps(largest, Present(key, keys), largest, _mm512_load_ps(scores + key));
  }
  return _mm512_reduce_max_ps(largest);
}

// Turns a query's scores (to base 2) of a block of keys into weights, and scales what earlier blocks have summed to the new
// maximum.
void Soften(Workspace& w, int r, int keys, int channels) {
  const float before = w.largest[r];
  const float block = LargestScore(w.scores[r], keys);
  const float largest = before > block ? before : block;
  const __m512 shift = _mm512_set1_ps(largest);
  __m512 sum = _mm512_setzero_ps();
  for (int key = 0; key < keys; key += kLanes) {
    const __m512 weight = _mm512_maskz_mov_ps(Present(key, keys), Exp2(_mm512_sub_ps(_mm512_load_ps(w.scores[r] + key), shift)));
    sum = _mm512_add_ps(sum, weight);
    _mm256_store_si256(reinterpret_cast<__m256i*>(w.weights[r] + key), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weight)));
  }
  const __m512 correction = Exp2(_mm512_set1_ps(before - largest));
  w.largest[r] = largest;
  w.sum[r] = w.sum[r] * _mm512_cvtss_f32(correction) + _mm512_reduce_add_ps(sum);
  for (int c = 0; c < channels; c += kLanes) {
    _mm512_store_ps(w.out[r] + c, _mm512_mul_ps(_mm512_load_ps(w.out[r] + c), correction));
  }
}

void AllOutputs(Workspace& w, int rows, const Word* values, int channels, int groups) {
  for (int key = 0; key < groups * kLanes; key += kValueTile) {
    const int key_pairs = Smaller(kValueTile, groups * kLanes - key) / 2;
    for (int c = 0; c < channels; c += kOutputVectors * kLanes) {
      const Word* tile = values + static_cast<ptrdiff_t>(key / 2) * channels + c;
      for (int r = 0; r < rows; r += kRows) {
        ForSizes<kRows, kOutputVectors>(
            Smaller(kRows, rows - r), Smaller(kOutputVectors, (channels - c) / kLanes), [&]<int R, int V>() {
              Accumulate<R, V>(reinterpret_cast<const Bf16(*)[kWeightStride]>(w.weights[r] + key), tile, channels, key_pairs,
                               reinterpret_cast<float(*)[kOutputStride]>(w.out[r] + c));
            });
      }
    }
  }
}

void Start(Workspace& w, TokenView<const Bf16> q, int first, int rows, const PackedHead& head) {
  for (int r = 0; r < rows; ++r) {
    const Bf16* from = q.data + (first + r) * q.stride;
    for (int pair = 0; pair < head.pairs; ++pair) {
      w.q[r][pair] = Pair(from[2 * pair], 2 * pair + 1 < q.width ? from[2 * pair + 1] : Bf16{});
    }
    for (int c = 0; c < head.channels; ++c) w.out[r][c] = 0;
    w.largest[r] = -__builtin_inff();
    w.sum[r] = 0;
  }
}

void Finish(const Workspace& w, int first, int rows, TokenView<Bf16> out) {
  for (int r = 0; r < rows; ++r) {
    const __m512 factor = _mm512_set1_ps(1.f / w.sum[r]);
    Bf16* to = out.data + (first + r) * out.stride;
    for (int c = 0; c < out.width; c += kLanes) {
      const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_mul_ps(_mm512_load_ps(w.out[r] + c), factor));
      _mm256_mask_storeu_epi16(to + c, Present(c, out.width), reinterpret_cast<__m256i>(rounded));
    }
  }
}

}  // namespace

bool CanAttendBf16(int head_dim) {
  return head_dim <= kMaxHeadDim && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
}

size_t PackedKeysAndValuesWords(int keys, int head_dim) {
  const PackedHead head(keys, head_dim);
  return head.key_words() + head.value_words();
}

void PackKeysAndValues(TokenView<const Bf16> k, TokenView<const Bf16> v, Word* packed) {
  const PackedHead head(k.rows, k.width);
  const auto at = [](TokenView<const Bf16> x, int row, int channel) {
    return row < x.rows && channel < x.width ? x.data[row * x.stride + channel] : Bf16{};
  };
  for (int key = 0; key < head.key_groups * kLanes; ++key) {
    Word* to = packed + static_cast<ptrdiff_t>(key / kLanes) * kLanes * head.pairs + key % kLanes;
    for (int pair = 0; pair < head.pairs; ++pair) to[pair * kLanes] = Pair(at(k, key, 2 * pair), at(k, key, 2 * pair + 1));
  }
  Word* to = packed + head.key_words();
  for (int key = 0; key < head.key_groups * kLanes; key += 2) {
    for (int c = 0; c < head.channels; ++c) *to++ = Pair(at(v, key, c), at(v, key + 1, c));
  }
}

void AttendBf16(TokenView<const Bf16> q, const Word* packed, int keys, float scale, TokenView<Bf16> out) {
  const PackedHead head(keys, q.width);
  const Word* values = packed + head.key_words();
  Workspace w;
  for (int first = 0; first < q.rows; first += kQueryBlock) {
    const int rows = Smaller(kQueryBlock, q.rows - first);
    Start(w, q, first, rows, head);
    for (int key = 0; key < keys; key += kKeyBlock) {
      const int block = Smaller(kKeyBlock, keys - key);
      const int groups = CeilDiv(block, kLanes);
      AllScores(w, rows, packed + static_cast<ptrdiff_t>(key) * head.pairs, head.pairs, groups, scale);
      for (int r = 0; r < rows; ++r) Soften(w, r, block, head.channels);
      AllOutputs(w, rows, values + static_cast<ptrdiff_t>(key / 2) * head.channels, head.channels, groups);
    }
    Finish(w, first, rows, out);
  }
}

}  // namespace stampd::kernels::cpu
