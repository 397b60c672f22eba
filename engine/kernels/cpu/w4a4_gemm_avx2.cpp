#include "engine/kernels/cpu/lanes256.h"
#include "engine/kernels/cpu/w4a4_gemm_simd.h"

namespace stampd::kernels::cpu {
namespace {

using L = Lanes256;

constexpr int kRows = 6;  // 6 x 2 sums, 2 weights, a row's codes and a product in 16 registers
constexpr int kQuads = kPanelStep / 4;
constexpr int kVectorBytes = kVectors * L::kBytes;

// Of the intrinsic functions GCC 12 makes copies of the sums, for which there are no registers left.
//
// words += the sums of two products of unsigned and signed bytes.
void AddByteProducts(L::Int& words, L::Int codes, L::Int weights) {
  L::Int products;
  asm("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0" : "+x"(words), "=&x"(products) : "x"(codes), "x"(weights));
}
// sums += the sums of two products of words.
void AddWordProducts(L::Int& sums, L::Int codes, L::Int weights) {
  L::Int products;
  asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(sums), "=&x"(products) : "x"(codes), "x"(weights));
}

// Weights of 4 bits: vpmaddubsw's sums of two products are at most 2 * 255 * 7, so that eight of them, a step, are summed in 16
// bits. vpmaddwd then widens them, and multiplies by what the outputs have for multipliers on the way. A panel has for every step
// the quads' weights without multipliers, then the multipliers or ones.
struct NibblePanel {
  static constexpr int kStepBytes = (kQuads + 1) * kVectorBytes;

  static void Unpack(const PackedWeights& weights, std::byte* panel) {
    const auto at = [panel](int step, int quad, int v) {
      return panel + static_cast<ptrdiff_t>(step) * kStepBytes + quad * kVectorBytes + v * L::kBytes;
    };
    cpu::Unpack<L>(weights, [at](int step, int quad, int v, L::Int bytes) { L::Store(at(step, quad, v), bytes); });
    for (int step = 0; step < weights.steps; ++step) {
      for (int v = 0; v < kVectors; ++v) {
        const bool multiplied = weights.multipliers[0] != nullptr;
        L::Store(at(step, kQuads, v), multiplied ? Multipliers<L>(weights, v * L::kLanes, step) : L::All(0x10001));
      }
    }
  }

  // sums += codes * weights over the channels first … last - 1 of one step, which begins at `step`.
  template <int R>
  [[gnu::always_inline]] static void AddStep(const std::uint8_t* codes, ptrdiff_t stride, int quads, const std::byte* weights,
                                             const std::byte* multipliers, L::Int (&sums)[R][kVectors]) {
    L::Int words[R][kVectors];
    L::Int left = L::Load(weights), right = L::Load(weights + L::kBytes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const L::Int four = L::All(LoadWord(codes + r * stride));
      words[r][0] = _mm256_maddubs_epi16(four, left);
      words[r][1] = _mm256_maddubs_epi16(four, right);
    }
    for (int q = 1; q < quads; ++q) {
      codes += 4;
      weights += kVectorBytes;
      left = L::Load(weights), right = L::Load(weights + L::kBytes);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const L::Int four = L::All(LoadWord(codes + r * stride));
        AddByteProducts(words[r][0], four, left);
        AddByteProducts(words[r][1], four, right);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        const L::Int wide = _mm256_madd_epi16(words[r][v], L::Load(multipliers + v * L::kBytes));
        sums[r][v] = _mm256_add_epi32(sums[r][v], wide);
      }
    }
  }

  template <int R>
  static void MultiplyRows(const TileProduct& product) {
    const auto* codes = static_cast<const std::uint8_t*>(product.codes);
    Results<L, R> results(product);
    for (int g = 0, k = 0; g < product.groups; ++g) {
      L::Int sums[R][kVectors] = {};
      for (const int end = k + product.depth; k < end;) {
        const std::byte* step = product.panel + static_cast<ptrdiff_t>(k / kPanelStep) * kStepBytes;
        const int place = k % kPanelStep, count = end - k < kPanelStep - place ? end - k : kPanelStep - place;
        AddStep<R>(codes + k, product.codes_stride, count / 4, step + place / 4 * kVectorBytes, step + kQuads * kVectorBytes, sums);
        k += count;
      }
      results.Add(g, sums);
    }
  }

  static void Multiply(const TileProduct& product) {
    ForRows<kRows>(product.rows, [&]<int R>() { MultiplyRows<R>(product); });
  }
};

// Any weights: pairs of 16-bit words, whose products vpmaddwd sums without loss. A panel has two channels of the tile's outputs,
// then the next two.
struct WordPanel {
  static constexpr int kStepBytes = 2 * kQuads * kVectorBytes;

  static void Unpack(const PackedWeights& weights, std::byte* panel) {
    alignas(16) static constexpr std::int8_t kFirst[16] = {-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13};
    alignas(16) static constexpr std::int8_t kSecond[16] = {-1, 2, -1, 3, -1, 6, -1, 7, -1, 10, -1, 11, -1, 14, -1, 15};
    UnpackMultiplied<L>(weights, [panel](int step, int quad, int v, L::Int bytes) {
      std::byte* to = panel + static_cast<ptrdiff_t>(step) * kStepBytes + 2 * quad * kVectorBytes + v * L::kBytes;
      L::Store(to, _mm256_srai_epi16(L::Shuffle(bytes, L::AllQuarters(kFirst)), 8));
      L::Store(to + kVectorBytes, _mm256_srai_epi16(L::Shuffle(bytes, L::AllQuarters(kSecond)), 8));
    });
  }

  template <int R>
  static void MultiplyRows(const TileProduct& product) {
    const auto* codes = static_cast<const std::uint16_t*>(product.codes);
    const std::byte* panel = product.panel;
    const ptrdiff_t stride = product.codes_stride;
    Results<L, R> results(product);
    for (int g = 0; g < product.groups; ++g) {
      L::Int sums[R][kVectors];
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) sums[r][v] = L::Zero();
      }
      for (const std::uint16_t* const end = codes + product.depth; codes != end; codes += 2, panel += kVectorBytes) {
        const L::Int left = L::Load(panel), right = L::Load(panel + L::kBytes);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const L::Int two = L::All(LoadWord(codes + r * stride));
          AddWordProducts(sums[r][0], two, left);
          AddWordProducts(sums[r][1], two, right);
        }
      }
      results.Add(g, sums);
    }
  }

  static void Multiply(const TileProduct& product) {
    ForRows<kRows>(product.rows, [&]<int R>() { MultiplyRows<R>(product); });
  }
};

template <typename Panel, int CodeBytes>
constexpr GemmTile kTile{.rows = kRows,
                         .outs = kVectors* L::kLanes,
                         .code_bytes = CodeBytes,
                         .step_bytes = Panel::kStepBytes,
                         .panels_bytes = 384 << 10,
                         .unpack = Panel::Unpack,
                         .multiply = Panel::Multiply};

}  // namespace

const GemmTile kAvx2NibbleTile = kTile<NibblePanel, 1>;
const GemmTile kAvx2Tile = kTile<WordPanel, 2>;

}  // namespace stampd::kernels::cpu
