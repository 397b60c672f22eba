#pragma once

#include <optional>

#include <torch/types.h>

#include "engine/layers/timestep_embedding.h"
#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/models/pixart/config.h"

namespace stampd::models::pixart {

/// What a timestep does to the tokens of one row.
struct Condition {
  torch::Tensor embedding;   // [width], for the last norm
  torch::Tensor modulation;  // [6, width]: shift, scale and gate of attention, then of feed-forward; blocks add their own tables
};

/// The transformer's adaln_single: one embedding of timestep (and, for alpha, of the picture's size) that all blocks share.
class Conditioning {
 public:
  Conditioning(const layers::WeightScope& scope, const PixArtConfig& config, torch::Device device);

  /// The picture's sides in pixels are only read by networks with size conditions.
  Condition Forward(double timestep, int pixel_height, int pixel_width) const;

 private:
  torch::Tensor SizeEmbedding(int pixel_height, int pixel_width) const;

  std::int64_t width_;
  torch::ScalarType dtype_;
  layers::TimestepEmbedding timestep_;
  std::optional<layers::TimestepEmbedding> resolution_;
  std::optional<layers::TimestepEmbedding> aspect_ratio_;
  std::unique_ptr<const layers::TokenLinear> linear_;
};

}  // namespace stampd::models::pixart
