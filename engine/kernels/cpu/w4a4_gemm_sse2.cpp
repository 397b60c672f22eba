#include <algorithm>
#include <cstddef>
#include <vector>

#include <immintrin.h>

#include "engine/kernels/cpu/unpack_weights.h"
#include "engine/kernels/cpu/w4a4_gemm_variants.h"

namespace stampd::kernels::cpu {
namespace {

// Codes and weights are widened to 16 bits, of which every x86-64 processor multiplies and adds eight pairs at once.
using Word = std::int16_t;

constexpr int kLanes = 8;
constexpr int kRows = 4;  // 4 x 2 sums stay in registers
constexpr int kOuts = 2;
constexpr int kRowBlock = 64;  // rows that weights are unpacked once for
constexpr int kOutBlock = 16;  // outputs whose weights stay in the cache while the rows pass by

// Whole panels are multiplied; what lies behind their last row or output is computed and left out.
static_assert(kRowBlock % kRows == 0 && kOutBlock % kOuts == 0);

// Rows of words with zeros behind them up to whole registers.
class Panel {
 public:
  Panel(int rows, int width) : stride_((width + kLanes - 1) / kLanes * kLanes), words_(static_cast<std::size_t>(rows) * stride_) {}
  Word* row(int r) { return words_.data() + r * stride_; }
  const Word* row(int r) const { return words_.data() + r * stride_; }
  std::ptrdiff_t stride() const { return stride_; }

 private:
  std::ptrdiff_t stride_;
  std::vector<Word> words_;
};

std::int32_t SumOfLanes(__m128i value) {
  value = _mm_add_epi32(value, _mm_shuffle_epi32(value, _MM_SHUFFLE(1, 0, 3, 2)));
  value = _mm_add_epi32(value, _mm_shuffle_epi32(value, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(value);
}

__m128i LoadWords(const Word* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

// sums[r][o] = Σ codes[r][k] weights[o][k] over `count` words, rounded up to whole registers. Fully unrolled, or the sums would lie
// in memory.
void Dot(const Word* codes, const Word* weights, std::ptrdiff_t stride, int count, std::int32_t (*sums)[kOuts]) {
  __m128i lanes[kRows][kOuts] = {};
  for (int k = 0; k < count; k += kLanes) {
    __m128i weight[kOuts];
#pragma GCC unroll 8
    for (int o = 0; o < kOuts; ++o) weight[o] = LoadWords(weights + o * stride + k);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m128i code = LoadWords(codes + r * stride + k);
#pragma GCC unroll 8
      for (int o = 0; o < kOuts; ++o) lanes[r][o] = _mm_add_epi32(lanes[r][o], _mm_madd_epi16(code, weight[o]));
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int o = 0; o < kOuts; ++o) sums[r][o] = SumOfLanes(lanes[r][o]);
  }
}

// One call's operands.
struct Problem {
  const QuantizedTokens& x;
  const QuantizedWeights& weight;
  const std::int32_t* sums;  // [outs, groups]
  TokenView<float> y;
};

// Results of up to kRows x kOuts, group after group; `codes` and `weights` point to their first rows.
void MultiplyFew(const Problem& problem, int row, int rows, int out, int outs, const Word* codes, const Word* weights,
                 std::ptrdiff_t stride) {
  const int groups = problem.x.groups, depth = problem.x.group_width();
  for (int g = 0; g < groups; ++g) {
    std::int32_t products[kRows][kOuts];
    Dot(codes + g * depth, weights + g * depth, stride, depth, products);
    for (int r = 0; r < rows; ++r) {
      const std::ptrdiff_t token = static_cast<std::ptrdiff_t>(row + r) * groups + g;
      for (int o = 0; o < outs; ++o) {
        const std::int32_t sum = problem.sums[static_cast<std::ptrdiff_t>(out + o) * groups + g];
        const float scaled = static_cast<float>(products[r][o] - problem.x.zeros[token] * sum) * problem.x.scales[token];
        float& y = problem.y.row(row + r)[out + o];
        y = g == 0 ? scaled : y + scaled;
      }
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int o = 0; o < outs; ++o) problem.y.row(row + r)[out + o] *= problem.weight.scales[out + o];
  }
}

void MultiplyRows(const Problem& problem, int first_row, int rows, Panel& codes, Panel& weights) {
  for (int r = 0; r < rows; ++r) {
    const std::uint8_t* from = problem.x.Rows(first_row + r, 1).codes;
    std::copy_n(from, problem.x.width, codes.row(r));
  }
  for (int out = 0; out < problem.weight.out; out += kOutBlock) {
    const int outs = std::min(kOutBlock, problem.weight.out - out);
    for (int o = 0; o < outs; ++o) UnpackRow(problem.weight, out + o, weights.row(o));
    for (int r = 0; r < rows; r += kRows) {
      for (int o = 0; o < outs; o += kOuts) {
        MultiplyFew(problem, first_row + r, std::min(kRows, rows - r), out + o, std::min(kOuts, outs - o), codes.row(r),
                    weights.row(o), codes.stride());
      }
    }
  }
}

}  // namespace

void MultiplySse2(const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums, TokenView<float> y) {
  const Problem problem{x, weight, sums, y};
  Panel codes(kRowBlock, x.width), weights(kOutBlock, x.width);
  for (int row = 0; row < x.rows; row += kRowBlock) MultiplyRows(problem, row, std::min(kRowBlock, x.rows - row), codes, weights);
}

}  // namespace stampd::kernels::cpu
