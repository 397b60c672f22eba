#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include "engine/layers/token_linear.h"
#include "engine/layers/weights.h"
#include "engine/models/t5/config.h"

namespace stampd::models::t5 {

/// Root-mean-square norm without mean and bias, in float; rounds to the weight's dtype before the weight is applied.
class Norm {
 public:
  Norm(const layers::WeightScope& scope, const T5Config& config);
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  torch::Tensor weight_;
  double epsilon_;
};

/// Self-attention whose scores are not scaled by the head's width and carry a bias by distance.
class Attention {
 public:
  Attention(const layers::WeightScope& scope, const T5Config& config);
  /// `x` [tokens, width], `bias` [heads, tokens, tokens].
  torch::Tensor Forward(const torch::Tensor& x, const torch::Tensor& bias) const;

 private:
  /// [heads, tokens, head_width] of rows that hold them side by side.
  torch::Tensor Heads(const torch::Tensor& rows) const;

  std::int64_t heads_;
  std::unique_ptr<const layers::TokenLinear> qkv_, out_;
};

/// wo(gelu(wi_0 x) * wi_1 x). In an fp16 model wo answers in fp32, as fp16 can't hold its results.
class FeedForward {
 public:
  FeedForward(const layers::WeightScope& scope, const T5Config& config);
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  torch::ScalarType down_dtype_;
  std::unique_ptr<const layers::TokenLinear> gate_up_, down_;
};

/// Attention and feed-forward, each on a normed copy and added to the stream.
class Block {
 public:
  Block(const layers::WeightScope& scope, const T5Config& config);
  /// `stream` [tokens, width] in the model's dtype, or in fp32 where an fp16 model's first feed-forward lies behind it.
  torch::Tensor Forward(const torch::Tensor& stream, const torch::Tensor& bias) const;

 private:
  Norm attention_norm_;
  Attention attention_;
  Norm feed_forward_norm_;
  FeedForward feed_forward_;
};

}  // namespace stampd::models::t5
