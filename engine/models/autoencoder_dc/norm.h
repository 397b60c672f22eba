#pragma once

#include <cstdint>

#include <torch/types.h>

#include "engine/layers/weights.h"
#include "engine/models/autoencoder_dc/pixels.h"
#include "engine/ops/rms_norm.h"

namespace stampd::models::autoencoder_dc {

/// Root mean square norm over a pixel's channels.
class Norm {
 public:
  Norm(const layers::WeightScope& scope, std::int64_t channels)
      : norm_{.weight = scope.Take("weight", {channels}), .bias = scope.Take("bias", {channels}), .eps = 1e-5} {}

  /// x <- norm(x).
  void Normalize(const torch::Tensor& x) const { ops::Normalize(PixelsOf(x), norm_); }
  /// x <- x + norm(y).
  void AddTo(const torch::Tensor& x, const torch::Tensor& y) const { ops::AddNormalized(PixelsOf(x), PixelsOf(y), norm_); }

 private:
  ops::RmsNorm norm_;
};

}  // namespace stampd::models::autoencoder_dc
