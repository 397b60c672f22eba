#pragma once

#include <memory>
#include <optional>

#include <torch/types.h>

#include "engine/layers/timestep_embedding.h"
#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/models/dit/condition.h"
#include "engine/models/pixart/config.h"

namespace stampd::models::pixart {

/// The transformer's adaln_single: one embedding of timestep (and, for alpha, of the picture's size) that all blocks share.
class Conditioning {
 public:
  Conditioning(const layers::WeightScope& scope, const PixArtConfig& config, torch::Device device);

  /// The picture's sides in pixels are only read by networks with size conditions.
  dit::Condition Forward(double timestep, int pixel_height, int pixel_width) const;

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
