#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/io/checkpoint.h"

namespace stampd::text {

/// Prompt to token ids, equal id for id to transformers'. Immutable and thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Ids of `text` (UTF-8; invalid bytes become U+FFFD) with the one that the model wants at its begin or end: at most `max_length`
  /// (at least 1) in all, the text's own cut at its end. No padding.
  virtual std::vector<std::int64_t> Encode(std::string_view text, int max_length) const = 0;
  virtual int vocabulary() const = 0;  // ids lie below
};

/// Picks by the component's class, as model_index.json names it, and throws Broken, naming the class and those that are supported,
/// for any other, or, naming the file, if its folder holds no such tokenizer.
std::unique_ptr<const Tokenizer> LoadTokenizer(const io::Component& component);

}  // namespace stampd::text
