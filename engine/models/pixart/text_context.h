#pragma once

#include <vector>

#include "engine/layers/attention.h"
#include "engine/models/networks.h"

namespace stampd::models::pixart {

/// A prompt as the blocks' attention wants it: keys and values of each block.
class PixArtText final : public TextContext {
 public:
  explicit PixArtText(std::vector<layers::KeysAndValues> blocks) : blocks_(std::move(blocks)) {}
  const layers::KeysAndValues& block(std::size_t index) const { return blocks_[index]; }

 private:
  std::vector<layers::KeysAndValues> blocks_;
};

}  // namespace stampd::models::pixart
