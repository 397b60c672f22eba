#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/io/config.h"

namespace stampd::models::gemma2 {

/// The shape of a Gemma-2 decoder, as its config.json states it.
struct Gemma2Config {
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::int64_t key_value_heads = 0;  // each serves heads / key_value_heads heads
  std::int64_t head_width = 0;       // even; heads * head_width need not be width
  std::int64_t hidden_width = 0;
  double norm_epsilon = 0;
  double rotary_base = 0;
  double score_scale = 0;               // query_pre_attn_scalar ^ -0.5
  std::optional<double> score_cap;      // attn_logit_softcapping
  std::int64_t sliding_window = 0;      // tokens that a query of a sliding layer sees, itself included
  std::vector<bool> layers_that_slide;  // one per layer
};

/// Broken, with file, key, expected and found, if `config` is not of a network that this folder computes.
Gemma2Config ReadConfig(const io::Config& config);

}  // namespace stampd::models::gemma2
