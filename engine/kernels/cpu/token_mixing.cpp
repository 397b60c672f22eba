#include <type_traits>

#include "engine/kernels/cpu/token_mixing_variants.h"

namespace stampd::kernels::cpu {
namespace {

const TokenMixing& Variant(InstructionSet set) {
  switch (set) {
    case InstructionSet::kSse2:
      return kTokenMixingSse2;
    case InstructionSet::kAvx2:
    case InstructionSet::kAvxVnni:
      return kTokenMixingAvx2;
    case InstructionSet::kAvx512:
      return kTokenMixingAvx512;
  }
  return kTokenMixingSse2;
}

template <typename T>
const TokenMixingOf<T>& VariantOf(InstructionSet set) {
  if constexpr (std::is_same_v<T, float>) {
    return Variant(set).of_float;
  } else {
    return Variant(set).of_bf16;
  }
}

}  // namespace

template <typename T>
void SumKeysAndValues(TokenView<const T> k, TokenView<const T> v, float* sums, InstructionSet set) {
  VariantOf<T>(set).sum_keys_and_values(k, v, sums);
}

template <typename T>
void LinearAttend(TokenView<const T> q, const float* sums, TokenView<T> out, InstructionSet set) {
  VariantOf<T>(set).linear_attend(q, sums, out);
}

template <typename T>
void GatedDepthwise(TokenView<const T> x, const int* neighbours, DepthwiseFilters<float> filters, int first, int count,
                    TokenView<T> out, InstructionSet set) {
  VariantOf<T>(set).gated_depthwise(x, neighbours, filters, first, count, out);
}

template void SumKeysAndValues(TokenView<const float>, TokenView<const float>, float*, InstructionSet);
template void SumKeysAndValues(TokenView<const Bf16>, TokenView<const Bf16>, float*, InstructionSet);
template void LinearAttend(TokenView<const float>, const float*, TokenView<float>, InstructionSet);
template void LinearAttend(TokenView<const Bf16>, const float*, TokenView<Bf16>, InstructionSet);
template void GatedDepthwise(TokenView<const float>, const int*, DepthwiseFilters<float>, int, int, TokenView<float>,
                             InstructionSet);
template void GatedDepthwise(TokenView<const Bf16>, const int*, DepthwiseFilters<float>, int, int, TokenView<Bf16>, InstructionSet);

}  // namespace stampd::kernels::cpu
