#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/layers/weights.h"
#include "engine/ops/linear.h"
#include "engine/ops/modulation.h"
#include "engine/ops/segment.h"

namespace stampd::layers {

/// A linear layer over packed tokens, whatever its arithmetic.
///
/// It sees the whole pack with its segment table, because only it knows what its arithmetic can share: a quantized one may
/// transform along the tokens of each segment's layout and then multiply all tokens at once, a full-precision one has to go
/// segment by segment. Linears that read the same input (q, k, v) are one TokenLinear with their outputs side by side, so
/// that the input is prepared once. Immutable, thread-safe.
class TokenLinear {
 public:
  virtual ~TokenLinear() = default;
  virtual std::int64_t in() const = 0;
  virtual std::int64_t out() const = 0;
  /// `x` [total_tokens, in]. Returns [total_tokens, out]; a segment's rows are byte-identical whatever it is packed with.
  virtual torch::Tensor Forward(const torch::Tensor& x, ops::Segments segments,
                                ops::Activation activation = ops::Activation::kNone) const = 0;

  /// Forward of LayerNormModulate(x, norm).
  virtual torch::Tensor ForwardNormed(const torch::Tensor& x, ops::Segments segments, const ops::Norm& norm,
                                      ops::Activation activation = ops::Activation::kNone) const;
  /// GatedAdd(x, gate, Forward(y)): x <- x + gate * Forward(y), or x + Forward(y) where `gate` is undefined. A linear that fuses
  /// these gives the same bytes as one that does not.
  virtual void AddTo(torch::Tensor& x, const torch::Tensor& gate, const torch::Tensor& y, ops::Segments segments) const;

  /// For inputs that are one segment without a grid: text, timesteps.
  torch::Tensor Forward(const torch::Tensor& x, ops::Activation activation = ops::Activation::kNone) const;
};

/// Takes `name`.weight [out, in], or that of a 1x1 convolution, and, with `bias`, `name`.bias [out] for each of `names`, whose
/// outputs lie side by side.
std::unique_ptr<const TokenLinear> LoadLinear(const WeightScope& scope, const std::vector<std::string_view>& names, std::int64_t in,
                                              std::int64_t out, bool bias = true);

/// The same from tensors: `weight` [out, in] and `bias` [out] or undefined, in one dtype. Counts what it holds beyond the weight's
/// own bytes as resident.
std::unique_ptr<const TokenLinear> MakeDenseLinear(const WeightScope& scope, const torch::Tensor& weight,
                                                   const torch::Tensor& bias);

/// A convolution whose kernel and stride are `patch`, [out, channels, patch, patch] and [out], as the linear map of a patch
/// (ops::Patchify) that it is.
std::unique_ptr<const TokenLinear> LoadPatchLinear(const WeightScope& scope, std::int64_t channels, std::int64_t patch,
                                                   std::int64_t out);

}  // namespace stampd::layers
