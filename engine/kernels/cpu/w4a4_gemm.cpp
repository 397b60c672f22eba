#include "engine/kernels/w4a4_gemm.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/kernels/cpu/unpack_weights.h"
#include "engine/kernels/cpu/w4a4_gemm_variants.h"

namespace stampd::kernels::cpu {
namespace {

// None for SSE2, which multiplies without panels.
const GemmTile* TileOf(InstructionSet set, int bits) {
  switch (set) {
    case InstructionSet::kSse2:
      return nullptr;
    case InstructionSet::kAvx2:
      return bits == 4 ? &kAvx2NibbleTile : &kAvx2Tile;
    case InstructionSet::kAvxVnni:
      return &kAvxVnniTile;
    case InstructionSet::kAvx512:
      return &kAvx512Tile;
  }
  return nullptr;
}

}  // namespace

void SumWeights(const QuantizedWeights& weight, int groups, std::int32_t* sums) {
  std::vector<std::int16_t> row(static_cast<std::size_t>(weight.in));
  const int depth = weight.in / groups;
  for (int o = 0; o < weight.out; ++o) {
    UnpackRow(weight, o, row.data());
    for (int g = 0; g < groups; ++g) *sums++ = std::accumulate(&row[g * depth], &row[g * depth] + depth, std::int32_t{0});
  }
}

UnpackedWeights::UnpackedWeights(const QuantizedWeights& weight, const std::int32_t* sums, int groups, InstructionSet set)
    : weight_(weight), sums_(sums), groups_(groups), set_(set) {
  if (const GemmTile* const tile = TileOf(set, weight.bits)) panels_ = UnpackPanels(*tile, weight, sums, groups);
}

int UnpackedWeights::FittingOuts(int in, int groups, InstructionSet set) {
  const GemmTile* const tile = TileOf(set, /*bits=*/4);
  return tile == nullptr ? kGemmPanel : cpu::FittingOuts(*tile, in, groups);
}

void UnpackedWeights::Multiply(const QuantizedTokens& x, TokenView<float> y, GemmDestination destination) const {
  if (panels_ == nullptr) return MultiplySse2(x, weight_, sums_, y);
  MultiplyPanels(*TileOf(set_, weight_.bits), panels_, x, y, destination);
}

void Multiply(const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums, GemmBlock block,
              TokenView<float> y, InstructionSet set) {
  const QuantizedTokens tokens = x.Rows(block.first_row, block.rows);
  const int fitting = UnpackedWeights::FittingOuts(weight.in, x.groups, set);
  for (int out = 0; out < block.outs; out += fitting) {
    const int first = block.first_out + out, outs = std::min(fitting, block.outs - out);
    const UnpackedWeights some(weight.Rows(first, outs), sums + static_cast<std::ptrdiff_t>(first) * x.groups, x.groups, set);
    some.Multiply(tokens, {y.data + out, y.rows, outs, y.stride});
  }
}

}  // namespace stampd::kernels::cpu
