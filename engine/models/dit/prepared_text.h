#pragma once

#include <utility>
#include <vector>

#include "engine/layers/attention.h"
#include "engine/models/networks.h"

namespace stampd::models::dit {

/// A prompt as the blocks' attention wants it: keys and values of each block.
class PreparedText final : public TextContext {
 public:
  PreparedText(std::vector<layers::KeysAndValues> blocks, torch::ScalarType embeddings_dtype)
      : blocks_(std::move(blocks)), embeddings_dtype_(embeddings_dtype) {}

  const layers::KeysAndValues& block(std::size_t index) const { return blocks_[index]; }
  torch::ScalarType embeddings_dtype() const { return embeddings_dtype_; }  // as they came

 private:
  std::vector<layers::KeysAndValues> blocks_;
  torch::ScalarType embeddings_dtype_;
};

}  // namespace stampd::models::dit
