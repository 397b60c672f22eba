#pragma once

#include "engine/kernels/cpu/w4a4_gemm_tile.h"

// The parts of a GemmTile that are the same for registers of any width L (lanes256.h, lanes512.h). Loops over registers are
// unrolled in full, or the compiler would keep their arrays in memory.

namespace stampd::kernels::cpu {
namespace {

using std::ptrdiff_t;

constexpr int kVectors = 2;  // registers of outputs, of every tile

// words[d], lane o: the d-th 32 bits of 16 bytes at `offset` of row o.
template <typename L>
[[gnu::always_inline]] inline void Transpose(const std::uint8_t* const* rows, int offset, typename L::Int (&words)[4]) {
  const auto a = L::EveryFourth(rows, offset), b = L::EveryFourth(rows + 1, offset);
  const auto c = L::EveryFourth(rows + 2, offset), d = L::EveryFourth(rows + 3, offset);
  words[0] = L::Low64(L::Low32(a, b), L::Low32(c, d));
  words[1] = L::High64(L::Low32(a, b), L::Low32(c, d));
  words[2] = L::Low64(L::High32(a, b), L::High32(c, d));
  words[3] = L::High64(L::High32(a, b), L::High32(c, d));
}

// Four bytes of two's complement from the nibbles of two bytes of each word: the lower two, or the upper two.
template <typename L>
typename L::Int ExpandNibbles(typename L::Int words, bool upper) {
  alignas(16) static constexpr std::uint8_t kLower[16] = {0, 0, 1, 1, 4, 4, 5, 5, 8, 8, 9, 9, 12, 12, 13, 13};
  alignas(16) static constexpr std::uint8_t kUpper[16] = {2, 2, 3, 3, 6, 6, 7, 7, 10, 10, 11, 11, 14, 14, 15, 15};
  alignas(16) static constexpr std::int8_t kSigned[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
  const auto twice = L::Shuffle(words, L::AllQuarters(upper ? kUpper : kLower));
  const auto even = L::And(twice, L::All(0x000f000f)), odd = L::And(L::ShiftRight4(twice), L::All(0x0f000f00));
  return L::Shuffle(L::AllQuarters(kSigned), L::Or(even, odd));
}

// Each byte times its word's multiplier, which stands in both halves of the word; products fit a byte.
template <typename L>
typename L::Int MultiplyBytes(typename L::Int bytes, typename L::Int multipliers) {
  const auto low = L::All(0x00ff00ff), high = L::All(static_cast<int>(0xff00ff00));
  return L::Or(L::And(L::Multiply16(bytes, multipliers), low), L::Multiply16(L::And(bytes, high), multipliers));
}

// Multipliers of the outputs from `out` on, at a step: each in both halves of a word.
template <typename L>
typename L::Int Multipliers(const PackedWeights& weights, int out, int step) {
  alignas(64) std::int32_t words[L::kLanes];
  for (int lane = 0; lane < L::kLanes; ++lane) words[lane] = weights.multipliers[out + lane][step / 2] * 0x10001;
  return L::Load(words);
}

// So many rows at once are more than processors see coming.
template <typename L>
void Prefetch(const PackedWeights& weights, int step) {
  constexpr int kAhead = 128;
  const ptrdiff_t at = static_cast<ptrdiff_t>(step) * kPanelStep * weights.bits / 8;
  if (at % 64 != 0) return;
  for (int o = 0; o < kVectors * L::kLanes; ++o) __builtin_prefetch(weights.codes[o] + at + kAhead);
}

// Calls put(step, quad, vector, bytes) for every four channels (of 8 quads a step) and every register of outputs: in lane o the
// weights of output o, a byte a channel. Codes without their multipliers.
template <typename L, typename Put>
void Unpack(const PackedWeights& weights, const Put& put) {
  for (int step = 0; step < weights.steps; ++step) {
    Prefetch<L>(weights, step);
    for (int v = 0; v < kVectors; ++v) {
      const std::uint8_t* const* rows = weights.codes + v * L::kLanes;
      typename L::Int words[4];
      if (weights.bits == 4) {
        Transpose<L>(rows, step * 16, words);
#pragma GCC unroll 4
        for (int d = 0; d < 4; ++d) {
          put(step, 2 * d, v, ExpandNibbles<L>(words[d], false));
          put(step, 2 * d + 1, v, ExpandNibbles<L>(words[d], true));
        }
      } else {
        for (int half = 0; half < 2; ++half) {
          Transpose<L>(rows, step * 32 + half * 16, words);
#pragma GCC unroll 4
          for (int d = 0; d < 4; ++d) put(step, 4 * half + d, v, words[d]);
        }
      }
    }
  }
}

// The same with multipliers where there are some.
template <typename L, typename Put>
void UnpackMultiplied(const PackedWeights& weights, const Put& put) {
  if (weights.multipliers[0] == nullptr) return Unpack<L>(weights, put);
  typename L::Int multipliers[kVectors];
  Unpack<L>(weights, [&](int step, int quad, int v, typename L::Int bytes) {
    if (quad == 0) multipliers[v] = Multipliers<L>(weights, v * L::kLanes, step);
    put(step, quad, v, MultiplyBytes<L>(bytes, multipliers[v]));
  });
}

// What stands behind the whole numbers, in the order of operations that w4a4_gemm.h states.
template <typename L, int R>
class Results {
 public:
  // Asks for the lines of Y, which are not in a cache, while there is much else to do.
  explicit Results(const TileProduct& product) : product_(product) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      __builtin_prefetch(product.y + r * product.y_stride, 1);
      __builtin_prefetch(product.y + r * product.y_stride + product.outs - 1, 1);
    }
    if (product.destination == nullptr) return;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      __builtin_prefetch(product.destination + r * product.destination_stride, 1);
      __builtin_prefetch(product.destination + r * product.destination_stride + product.destination_bytes - 1, 1);
    }
  }

  // The sums of products of a group; groups come in order. The last one's completes the results.
  [[gnu::always_inline]] void Add(int group, const typename L::Int (&sums)[R][kVectors]) {
    if (product_.groups == 1) return Write([&](int r, int v) { return Scaled(0, r, v, sums[r][v]); });
    if (group == 0) {
      AddTo([](typename L::Float, typename L::Float scaled) { return scaled; }, 0, sums);
    } else {
      AddTo([](typename L::Float total, typename L::Float scaled) { return L::Add(total, scaled); }, group, sums);
    }
    if (group == product_.groups - 1) Write([&](int r, int v) { return totals_[r][v]; });
  }

 private:
  [[gnu::always_inline]] typename L::Float Scaled(int group, int r, int v, typename L::Int sum) const {
    const ptrdiff_t token = static_cast<ptrdiff_t>(r) * product_.groups + group;
    const auto weights = L::Load(product_.sums + (static_cast<ptrdiff_t>(group) * kVectors + v) * L::kLanes);
    const auto centred = L::Subtract(sum, L::Multiply(L::All(product_.zeros[token]), weights));
    return L::Multiply(L::ToFloat(centred), L::AllFloats(product_.scales[token]));
  }

  template <typename Sum>
  [[gnu::always_inline]] void AddTo(const Sum& sum, int group, const typename L::Int (&sums)[R][kVectors]) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) totals_[r][v] = sum(totals_[r][v], Scaled(group, r, v, sums[r][v]));
    }
  }

  template <typename Total>
  [[gnu::always_inline]] void Write(const Total& total) const {
    if (product_.outs == kVectors * L::kLanes) return WriteRows<true>(total);
    WriteRows<false>(total);
  }

  // With Whole, without asking for each register how much of it there is.
  template <bool Whole, typename Total>
  [[gnu::always_inline]] void WriteRows(const Total& total) const {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        const auto y = L::Multiply(total(r, v), L::LoadFloats(product_.out_scales + v * L::kLanes));
        L::StoreFloats(product_.y + r * product_.y_stride + v * L::kLanes, y, Whole ? L::kLanes : product_.outs - v * L::kLanes);
      }
    }
  }

  const TileProduct& product_;
  typename L::Float totals_[R][kVectors];
};

// Calls f.operator()<R>() for run-time rows of 1 … R.
template <int R, typename F>
void ForRows(int rows, const F& f) {
  if constexpr (R > 1) {
    if (rows < R) return ForRows<R - 1>(rows, f);
  }
  f.template operator()<R>();
}

inline int LoadWord(const void* from) {
  int word;
  __builtin_memcpy(&word, from, sizeof word);
  return word;
}

// For sets that sum four products of unsigned and signed bytes at once: L::AddDot(sums, unsigned, signed). A panel has four
// channels of the tile's outputs, then the next four.
template <typename L>
struct VnniPanel {
  static constexpr int kQuadBytes = kVectors * L::kBytes;
  static constexpr int kStepBytes = kPanelStep / 4 * kQuadBytes;

  static void Unpack(const PackedWeights& weights, std::byte* panel) {
    UnpackMultiplied<L>(weights, [panel](int step, int quad, int v, typename L::Int bytes) {
      L::Store(panel + static_cast<ptrdiff_t>(step) * kStepBytes + quad * kQuadBytes + v * L::kBytes, bytes);
    });
  }

  template <int R>
  static void MultiplyRows(const TileProduct& product) {
    const auto* codes = static_cast<const std::uint8_t*>(product.codes);
    const std::byte* panel = product.panel;
    const ptrdiff_t stride = product.codes_stride;
    Results<L, R> results(product);
    for (int g = 0; g < product.groups; ++g) {
      typename L::Int sums[R][kVectors];
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) sums[r][v] = L::Zero();
      }
      for (const std::uint8_t* const end = codes + product.depth; codes != end; codes += 4, panel += kQuadBytes) {
        typename L::Int weights[kVectors];
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) weights[v] = L::Load(panel + v * L::kBytes);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const auto four = L::All(LoadWord(codes + r * stride));
#pragma GCC unroll 16
          for (int v = 0; v < kVectors; ++v) L::AddDot(sums[r][v], four, weights[v]);
        }
      }
      results.Add(g, sums);
    }
  }

  template <int MaxRows>
  static void Multiply(const TileProduct& product) {
    ForRows<MaxRows>(product.rows, [&]<int R>() { MultiplyRows<R>(product); });
  }
};

}  // namespace
}  // namespace stampd::kernels::cpu
