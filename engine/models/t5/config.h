#pragma once

#include <cstdint>

#include "engine/io/config.h"

namespace stampd::models::t5 {

/// The shape of a T5 encoder, as its config.json states it. Version 1.1 and later: gated GELU, no biases.
struct T5Config {
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;
  std::int64_t heads = 0;
  std::int64_t head_width = 0;  // heads * head_width need not be width
  std::int64_t hidden_width = 0;
  std::int64_t blocks = 0;
  std::int64_t position_buckets = 0;       // even
  std::int64_t position_max_distance = 0;  // from here on all distances share the last bucket
  double norm_epsilon = 0;

  std::int64_t inner_width() const { return heads * head_width; }
};

/// Broken, with file, key, expected and found, if `config` is not of a network that this folder computes.
T5Config ReadConfig(const io::Config& config);

}  // namespace stampd::models::t5
