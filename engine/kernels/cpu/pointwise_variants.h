#pragma once

#include "engine/kernels/pointwise.h"

/// The kernels of engine/kernels/pointwise.h, once for each instruction set.

namespace stampd::kernels::cpu {

template <typename T>
struct PointwiseOf {
  void (*widen)(TokenView<const T> x, TokenView<float> out);
  void (*narrow)(TokenView<const float> x, TokenView<T> out);
  void (*layer_norm_modulate)(TokenView<const T> x, const T* shift, const T* scale, float eps, TokenView<float> out);
  void (*rms_norm)(TokenView<const T> x, const T* weight, const T* bias, float eps, TokenView<float> out);
  void (*gated_add)(TokenView<T> x, const T* gate, TokenView<const float> y);
};

struct PointwiseLoops {
  PointwiseOf<float> of_float;
  PointwiseOf<Bf16> of_bf16;
  void (*add_bias)(TokenView<float> y, const float* bias);
  void (*gelu_tanh)(TokenView<float> y);
  void (*silu)(TokenView<float> y);
};

extern const PointwiseLoops kPointwiseSse2;
extern const PointwiseLoops kPointwiseAvx2;
extern const PointwiseLoops kPointwiseAvx512;

}  // namespace stampd::kernels::cpu
