#include "engine/kernels/pointwise.h"

#include <type_traits>

#include "engine/kernels/cpu/pointwise_variants.h"

namespace stampd::kernels::cpu {
namespace {

const PointwiseLoops& Loops(InstructionSet set) {
  switch (set) {
    case InstructionSet::kSse2:
      return kPointwiseSse2;
    case InstructionSet::kAvx2:
    case InstructionSet::kAvxVnni:
      return kPointwiseAvx2;
    case InstructionSet::kAvx512:
      return kPointwiseAvx512;
  }
  return kPointwiseSse2;
}

template <typename T>
const PointwiseOf<T>& LoopsOf(InstructionSet set) {
  if constexpr (std::is_same_v<T, float>) {
    return Loops(set).of_float;
  } else {
    return Loops(set).of_bf16;
  }
}

}  // namespace

template <typename T>
void Widen(TokenView<const T> x, TokenView<float> out, InstructionSet set) {
  LoopsOf<T>(set).widen(x, out);
}

template <typename T>
void Narrow(TokenView<const float> x, TokenView<T> out, InstructionSet set) {
  LoopsOf<T>(set).narrow(x, out);
}

template <typename T>
void LayerNormModulate(TokenView<const T> x, const T* shift, const T* scale, float eps, TokenView<float> out, InstructionSet set) {
  LoopsOf<T>(set).layer_norm_modulate(x, shift, scale, eps, out);
}

template <typename T>
void RmsNorm(TokenView<const T> x, const T* weight, const T* bias, float eps, TokenView<float> out, InstructionSet set) {
  LoopsOf<T>(set).rms_norm(x, weight, bias, eps, out);
}

void AddBias(TokenView<float> y, const float* bias, InstructionSet set) { Loops(set).add_bias(y, bias); }

void GeluTanh(TokenView<float> y, InstructionSet set) { Loops(set).gelu_tanh(y); }

void Silu(TokenView<float> y, InstructionSet set) { Loops(set).silu(y); }

template <typename T>
void GatedAdd(TokenView<T> x, const T* gate, TokenView<const float> y, InstructionSet set) {
  LoopsOf<T>(set).gated_add(x, gate, y);
}

template void Widen(TokenView<const float>, TokenView<float>, InstructionSet);
template void Widen(TokenView<const Bf16>, TokenView<float>, InstructionSet);
template void Narrow(TokenView<const float>, TokenView<float>, InstructionSet);
template void Narrow(TokenView<const float>, TokenView<Bf16>, InstructionSet);
template void LayerNormModulate(TokenView<const float>, const float*, const float*, float, TokenView<float>, InstructionSet);
template void LayerNormModulate(TokenView<const Bf16>, const Bf16*, const Bf16*, float, TokenView<float>, InstructionSet);
template void RmsNorm(TokenView<const float>, const float*, const float*, float, TokenView<float>, InstructionSet);
template void RmsNorm(TokenView<const Bf16>, const Bf16*, const Bf16*, float, TokenView<float>, InstructionSet);
template void GatedAdd(TokenView<float>, const float*, TokenView<const float>, InstructionSet);
template void GatedAdd(TokenView<Bf16>, const Bf16*, TokenView<const float>, InstructionSet);

}  // namespace stampd::kernels::cpu
