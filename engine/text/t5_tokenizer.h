#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace stampd::text {

/// T5's tokenizer: SentencePiece (unigram) plus the split at special tokens that transformers does before it.
///
/// Equal to transformers' T5Tokenizer (slow and "legacy", as these checkpoints configure it) id for id. Reads `spiece.model`, and
/// from tokenizer_config.json, special_tokens_map.json and added_tokens.json, where they are there, which literal texts are
/// special. Immutable and thread-safe.
class T5Tokenizer {
 public:
  /// Broken, naming the file, if the folder holds no usable model.
  static std::unique_ptr<const T5Tokenizer> Load(const std::filesystem::path& folder);
  virtual ~T5Tokenizer() = default;

  /// Ids of `text` (UTF-8; invalid bytes become U+FFFD), cut to `max_length` - 1, then the end-of-sequence id. No padding.
  virtual std::vector<std::int64_t> Encode(std::string_view text, int max_length) const = 0;
  virtual std::int64_t pad_id() const = 0;
  virtual std::int64_t eos_id() const = 0;
  virtual int vocabulary() const = 0;  // ids lie below
};

}  // namespace stampd::text
