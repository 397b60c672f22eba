#pragma once

#include <cstdint>

#include <torch/types.h>

namespace stampd::models::gemma2 {

/// What attention knows of the places of its tokens, made once for a text and used in every layer.

/// Rotary position embedding (https://arxiv.org/abs/2104.09864) in halves: channels i and i + width / 2 of a head turn together,
/// by the angle position * base ^ (-2 i / width).
class RotaryTable {
 public:
  /// Angles are computed in fp32, their cosines and sines rounded to `dtype`. `head_width` is even.
  RotaryTable(std::int64_t length, std::int64_t head_width, double base, const torch::TensorOptions& options);

  /// `x` [heads, length, head_width], turned.
  torch::Tensor Turn(const torch::Tensor& x) const;

 private:
  torch::Tensor cos_, sin_;  // [length, head_width / 2]
};

/// [length, length] bool: true where a query (row) may not see a key: later ones, and those `window` tokens and more before it.
torch::Tensor HiddenKeys(std::int64_t length, std::int64_t window, torch::Device device);

}  // namespace stampd::models::gemma2
