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
constexpr int kRows = 6;           // queries in flight: 6 x 4 scores, 4 keys and a query fill the 32 registers
constexpr int kOutputRows = 4;     // the same: 4 x 5 outputs, a value and 4 weights
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
      : width(head_dim),
        pairs(CeilDiv(head_dim, 2)),
        key_groups(CeilDiv(keys, kLanes)),
        channels(CeilDiv(head_dim, kLanes) * kLanes) {}
  size_t key_words() const { return static_cast<size_t>(key_groups) * kLanes * pairs; }
  size_t value_words() const { return static_cast<size_t>(key_groups) * (kLanes / 2) * channels; }

  int width;
  int pairs;
  int key_groups;
  int channels;
};

__m512bh AsPairs(__m512i words) { return reinterpret_cast<__m512bh>(words); }

// 2^x for x <= 0, to 3e-6 of it (bf16 rounds by up to 2e-3), 1 for 0; NaN stays NaN. The polynomial has the least relative error.
__m512 Exp2(__m512 x) {
  x = _mm512_max_ps(_mm512_set1_ps(-150.f), x);
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, whole);
  __m512 p = _mm512_set1_ps(9.5828531e-3f);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.5906425e-2f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.4024099e-1f));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.9312419e-1f));
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

// sums += values times a pair of weights: 16 channels of two keys, or the first 8 of them, which takes half the time.
[[gnu::always_inline]] inline __m512 AddWeighted(__m512 sums, __m512i values, __m512i pair, bool half) {
  if (!half) return _mm512_dpbf16_ps(sums, AsPairs(values), AsPairs(pair));
  const auto words = [](__m512i x) { return reinterpret_cast<__m256bh>(_mm512_castsi512_si256(x)); };
  return _mm512_castps256_ps512(_mm256_dpbf16_ps(_mm512_castps512_ps256(sums), words(values), words(pair)));
}

// out[r][channel] += weights[r] v for R queries, V * 16 channels (the last 8 of them padding with Half) and some pairs of keys.
template <int R, int V, bool Half>
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
      const __m512i value = _mm512_loadu_si512(values + static_cast<ptrdiff_t>(pair) * channels + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        int weight;
        __builtin_memcpy(&weight, weights[r] + 2 * pair, sizeof weight);
        sums[r][v] = AddWeighted(sums[r][v], value, _mm512_set1_epi32(weight), Half && v == V - 1);
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

// Lanes of a group of 16 that exist.
__mmask16 Present(int first, int count) {
  const int left = count - first;
  return left >= kLanes ? 0xffff : left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
}

// The same of a group of 32.
__mmask32 PresentHalves(int first, int count) {
  return Present(first, count) | static_cast<__mmask32>(Present(first + kLanes, count)) << kLanes;
}

// Of whole groups of keys.
float LargestScore(const float* scores, int keys) {
  constexpr int kUnrolled = 4;
  __m512 largest[kUnrolled];
  for (__m512& one : largest) one = _mm512_set1_ps(-__builtin_inff());
  int key = 0;
  for (; key + kUnrolled * kLanes <= keys; key += kUnrolled * kLanes) {
#pragma GCC unroll 4
    for (int i = 0; i < kUnrolled; ++i) largest[i] = _mm512_max_ps(largest[i], _mm512_load_ps(scores + key + i * kLanes));
  }
  for (; key < keys; key += kLanes) largest[0] = _mm512_max_ps(largest[0], _mm512_load_ps(scores + key));
  return _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(largest[0], largest[1]), _mm512_max_ps(largest[2], largest[3])));
}

// Weights of 32 keys, or of 16, and their sum.
__m512 Weigh(const float* scores, __m512 shift, bool two, Bf16* weights) {
  const auto weigh = [&](int key) { return Exp2(_mm512_sub_ps(_mm512_load_ps(scores + key), shift)); };
  const __m512 first = weigh(0);
  if (!two) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(weights), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(first)));
    return first;
  }
  const __m512 second = weigh(kLanes);
  _mm512_store_si512(weights, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first)));
  return _mm512_add_ps(first, second);
}

// Turns a query's scores (to base 2) of a block of keys into weights, and scales what earlier blocks have summed to the new
// maximum.
void Soften(Workspace& w, int r, int keys, int channels) {
  float* const scores = w.scores[r];
  const int all = CeilDiv(keys, kLanes) * kLanes;
  if (const int last = all - kLanes; keys < all) {  // absent keys weigh nothing
    _mm512_mask_store_ps(scores + last, static_cast<__mmask16>(~Present(last, keys)), _mm512_set1_ps(-__builtin_inff()));
  }
  const float before = w.largest[r];
  const float block = LargestScore(scores, all);
  const float largest = before > block ? before : block;
  const __m512 shift = _mm512_set1_ps(largest);
  __m512 sum = _mm512_setzero_ps();
  int key = 0;
  for (; key + 2 * kLanes <= all; key += 2 * kLanes) sum = _mm512_add_ps(sum, Weigh(scores + key, shift, true, w.weights[r] + key));
  if (key < all) sum = _mm512_add_ps(sum, Weigh(scores + key, shift, false, w.weights[r] + key));
  w.largest[r] = largest;
  const __m512 correction = Exp2(_mm512_set1_ps(before - largest));
  w.sum[r] = w.sum[r] * _mm512_cvtss_f32(correction) + _mm512_reduce_add_ps(sum);
  for (int c = 0; c < channels; c += kLanes) {
    _mm512_store_ps(w.out[r] + c, _mm512_mul_ps(_mm512_load_ps(w.out[r] + c), correction));
  }
}

void AllOutputs(Workspace& w, int rows, const Word* values, const PackedHead& head, int groups) {
  for (int key = 0; key < groups * kLanes; key += kValueTile) {
    const int key_pairs = Smaller(kValueTile, groups * kLanes - key) / 2;
    for (int c = 0; c < head.channels; c += kOutputVectors * kLanes) {
      const Word* tile = values + static_cast<ptrdiff_t>(key / 2) * head.channels + c;
      const int vectors = Smaller(kOutputVectors, (head.channels - c) / kLanes);
      const bool half = c + vectors * kLanes - head.width >= kLanes / 2;
      for (int r = 0; r < rows; r += kOutputRows) {
        const auto* weights = reinterpret_cast<const Bf16(*)[kWeightStride]>(w.weights[r] + key);
        auto* out = reinterpret_cast<float(*)[kOutputStride]>(w.out[r] + c);
        ForSizes<kOutputRows, kOutputVectors>(Smaller(kOutputRows, rows - r), vectors, [&]<int R, int V>() {
          if (half) return Accumulate<R, V, true>(weights, tile, head.channels, key_pairs, out);
          Accumulate<R, V, false>(weights, tile, head.channels, key_pairs, out);
        });
      }
    }
  }
}

// A row's channels side by side are its words.
void Start(Workspace& w, TokenView<const Bf16> q, int first, int rows, const PackedHead& head) {
  for (int r = 0; r < rows; ++r) {
    const Bf16* from = q.data + (first + r) * q.stride;
    for (int c = 0; c < q.width; c += 2 * kLanes) {
      _mm512_store_si512(w.q[r] + c / 2, _mm512_maskz_loadu_epi16(PresentHalves(c, q.width), from + c));
    }
    for (int c = 0; c < head.channels; c += kLanes) _mm512_store_ps(w.out[r] + c, _mm512_setzero_ps());
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

// 16 keys' pairs of channels; an odd last channel is paired with a zero.
void PackKeys(TokenView<const Bf16> k, int first, const PackedHead& head, Word* to) {
  const int keys = Smaller(kLanes, k.rows - first);
  const Bf16* const from = k.data + first * k.stride;
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i rows = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(static_cast<int>(k.stride)));
  for (int c = 0; c + 1 < k.width; c += 2, to += kLanes) {
    _mm512_storeu_si512(to, _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), Present(0, keys), rows, from + c, sizeof(Bf16)));
  }
  if (head.pairs > k.width / 2) {
    for (int lane = 0; lane < kLanes; ++lane) to[lane] = lane < keys ? Word{from[lane * k.stride + k.width - 1].bits} : 0;
  }
}

// Two keys' values, 16 channels a register.
void PackValues(TokenView<const Bf16> v, int key, const PackedHead& head, Word* to) {
  const auto words = [&](int row, int channel) {
    const __mmask16 present = row < v.rows ? Present(channel, v.width) : 0;
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(present, v.data + row * v.stride + channel));
  };
  for (int c = 0; c < head.channels; c += kLanes) {
    _mm512_storeu_si512(to + c, _mm512_or_si512(words(key, c), _mm512_slli_epi32(words(key + 1, c), 16)));
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
  for (int key = 0; key < k.rows; key += kLanes) PackKeys(k, key, head, packed + static_cast<ptrdiff_t>(key) * head.pairs);
  Word* const values = packed + head.key_words();
  for (int key = 0; key < head.key_groups * kLanes; key += 2) {
    PackValues(v, key, head, values + static_cast<ptrdiff_t>(key / 2) * head.channels);
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
      AllOutputs(w, rows, values + static_cast<ptrdiff_t>(key / 2) * head.channels, head, groups);
    }
    Finish(w, first, rows, out);
  }
}

}  // namespace stampd::kernels::cpu
