#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "engine/layers/convolution.h"
#include "engine/layers/weights.h"
#include "engine/models/autoencoder_dc/norm.h"

namespace stampd::models::autoencoder_dc {

/// EfficientViT's multi-scale linear attention (arXiv 2205.14756) of all pixels, normed and added to its input.
///
/// Queries, keys and values lie side by side, [q | k | v] of `channels` each; every scale adds another such map, in which each
/// channel gathers a neighbourhood. A head is 3 * head_dim channels of a map one after the other, read as its query, key and value:
/// that is how the original's fused convolution was trained, and why to_q's output is not queries alone.
class Attention {
 public:
  /// `scales`: the sides of the neighbourhoods.
  Attention(const layers::WeightScope& scope, std::int64_t channels, std::int64_t head_dim,
            const std::vector<std::int64_t>& scales);
  /// x <- x + norm(attention of x).
  void AddTo(const torch::Tensor& x) const;

 private:
  struct Scale {
    layers::Convolution gather, mix;
  };

  std::int64_t channels_, head_dim_;
  torch::Tensor to_qkv_;  // [3 * channels, channels]
  std::vector<Scale> scales_;
  torch::Tensor to_out_;  // [channels, (1 + scales) * channels]
  Norm norm_;
};

}  // namespace stampd::models::autoencoder_dc
