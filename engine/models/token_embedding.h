#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <torch/types.h>

namespace stampd::models {

/// A text encoder's table of embeddings, one row per token id. Immutable, thread-safe.
class TokenEmbedding {
 public:
  /// `table` [vocabulary, width]; `network` begins its errors.
  TokenEmbedding(std::string network, torch::Tensor table) : network_(std::move(network)), table_(std::move(table)) {}

  torch::ScalarType dtype() const { return table_.scalar_type(); }

  /// A new tensor [ids.size(), width]. Broken, with id, position and range, for an id outside the vocabulary, and for no ids.
  torch::Tensor Look(std::span<const std::int64_t> ids) const;

 private:
  std::string network_;
  torch::Tensor table_;
};

}  // namespace stampd::models
