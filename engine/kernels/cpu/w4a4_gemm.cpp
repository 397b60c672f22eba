#include "engine/kernels/w4a4_gemm.h"

#include <numeric>
#include <vector>

#include "engine/kernels/cpu/unpack_weights.h"
#include "engine/kernels/cpu/w4a4_gemm_variants.h"

namespace stampd::kernels::cpu {

void SumWeights(const QuantizedWeights& weight, int groups, std::int32_t* sums) {
  std::vector<std::int16_t> row(static_cast<std::size_t>(weight.in));
  const int depth = weight.in / groups;
  for (int o = 0; o < weight.out; ++o) {
    UnpackRow(weight, o, row.data());
    for (int g = 0; g < groups; ++g) *sums++ = std::accumulate(&row[g * depth], &row[g * depth] + depth, std::int32_t{0});
  }
}

void Multiply(const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums, GemmBlock block,
              TokenView<float> y, InstructionSet set) {
  switch (set) {
    case InstructionSet::kSse2:
      return MultiplySse2(x, weight, sums, block, y);
    case InstructionSet::kAvx2:
      return MultiplyPanels(weight.bits == 4 ? kAvx2NibbleTile : kAvx2Tile, x, weight, sums, block, y);
    case InstructionSet::kAvxVnni:
      return MultiplyPanels(kAvxVnniTile, x, weight, sums, block, y);
    case InstructionSet::kAvx512:
      return MultiplyPanels(kAvx512Tile, x, weight, sums, block, y);
  }
}

}  // namespace stampd::kernels::cpu
