#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <torch/types.h>

#include "engine/layers/timestep_embedding.h"
#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/models/dit/condition.h"
#include "engine/models/sana/config.h"

namespace stampd::models::sana {

/// The transformer's time_embed: one embedding of timestep, and guidance where the network was distilled with it, that all blocks
/// share. Immutable, thread-safe.
class Conditioning {
 public:
  Conditioning(const layers::WeightScope& scope, const SanaConfig& config, torch::Device device);

  /// `guidance` is only read by networks that embed it; it is scaled in `guidance_dtype`, which the reference's prompt embeddings
  /// have. Timesteps are multiplied by timestep_scale unless guidance is embedded: SanaPipeline does, SanaSprintPipeline does not.
  dit::Condition Forward(double timestep, double guidance, torch::ScalarType guidance_dtype) const;

 private:
  std::int64_t width_;
  float timestep_scale_;
  double guidance_scale_;  // what guidance is multiplied by
  layers::TimestepEmbedding timestep_;
  std::optional<layers::TimestepEmbedding> guidance_;
  std::unique_ptr<const layers::TokenLinear> linear_;
};

}  // namespace stampd::models::sana
