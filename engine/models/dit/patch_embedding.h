#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <torch/types.h>

#include "engine/base/token_layout.h"
#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"

namespace stampd::models::dit {

/// Places are told to the network by a table that is added to its tokens; see PositionTable.
struct Positions {
  int base = 1;
  double scale = 1;
};

/// A latent as tokens: its patches through proj, plus their places if the network is told them. Immutable, thread-safe.
class PatchEmbedding {
 public:
  PatchEmbedding(const layers::WeightScope& scope, int channels, int patch_size, std::int64_t width,
                 std::optional<Positions> positions, torch::Device device);

  /// `latent` [channels, height, width] of the layout's size. Returns [tokens, width], in the network's dtype.
  torch::Tensor Forward(const torch::Tensor& latent, const TokenLayout& layout) const;

 private:
  int patch_size_;
  std::int64_t width_;
  std::optional<Positions> positions_;
  torch::ScalarType dtype_;
  torch::Device device_;
  std::unique_ptr<const layers::TokenLinear> projection_;
};

}  // namespace stampd::models::dit
