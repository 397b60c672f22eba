#pragma once

#include <cstdint>
#include <optional>

#include "engine/layers/weights.h"
#include "engine/ops/rms_norm.h"

namespace stampd::layers {

/// What attention does to queries and keys before it splits them into heads: nothing, or diffusers' qk_norm
/// "rms_norm_across_heads", norm_q and norm_k. Immutable, thread-safe.
class QueryKeyNorm {
 public:
  /// `width` of all heads together.
  QueryKeyNorm(const WeightScope& scope, std::int64_t width, bool present);

  /// [tokens, width], in place; may be parts of wider rows.
  void ApplyToQueries(const torch::Tensor& q) const;
  void ApplyToKeys(const torch::Tensor& k) const;

 private:
  std::optional<ops::RmsNorm> queries_, keys_;
};

}  // namespace stampd::layers
