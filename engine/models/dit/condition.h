#pragma once

#include <torch/types.h>

namespace stampd::models::dit {

/// What a timestep, and what else a network is told about a picture, does to the tokens of one row.
struct Condition {
  torch::Tensor embedding;   // [width], for the last norm
  torch::Tensor modulation;  // [6, width]: shift, scale and gate of attention, then of feed-forward; blocks add their own tables
};

}  // namespace stampd::models::dit
