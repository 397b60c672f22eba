#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/models/gemma2/config.h"
#include "engine/models/gemma2/positions.h"

namespace stampd::models::gemma2 {

/// Root-mean-square norm whose stored weight w means a factor of 1 + w, all in fp32; rounds once, at its end.
class Norm {
 public:
  Norm(const layers::WeightScope& scope, const Gemma2Config& config);
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  torch::Tensor factors_;  // 1 + w, float32
  double epsilon_;
};

/// Causal self-attention in which several heads share their keys and values, and scores may be capped at ±c by c tanh(score / c).
class Attention {
 public:
  Attention(const layers::WeightScope& scope, const Gemma2Config& config);
  /// `x` [tokens, width]; `hidden` [tokens, tokens] of HiddenKeys.
  torch::Tensor Forward(const torch::Tensor& x, const RotaryTable& rotary, const torch::Tensor& hidden) const;

 private:
  /// [heads, tokens, head_width] of rows that hold them side by side.
  torch::Tensor Heads(const torch::Tensor& rows) const;

  std::int64_t key_value_heads_, head_width_;
  double scale_;
  std::optional<double> cap_;
  std::unique_ptr<const layers::TokenLinear> q_, kv_, out_;
};

/// down(gelu(gate x) * up x).
class FeedForward {
 public:
  FeedForward(const layers::WeightScope& scope, const Gemma2Config& config);
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  std::unique_ptr<const layers::TokenLinear> gate_up_, down_;
};

/// Attention and feed-forward, each between two norms and added to the stream.
class Block {
 public:
  Block(const layers::WeightScope& scope, const Gemma2Config& config);
  /// `stream` [tokens, width].
  torch::Tensor Forward(const torch::Tensor& stream, const RotaryTable& rotary, const torch::Tensor& hidden) const;

 private:
  Norm before_attention_;
  Attention attention_;
  Norm after_attention_;
  Norm before_feed_forward_;
  FeedForward feed_forward_;
  Norm after_feed_forward_;
};

}  // namespace stampd::models::gemma2
