#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/text/tokenizer.h"

namespace stampd::text {

/// T5's tokenizer: SentencePiece (unigram) plus the split at special tokens that transformers does before it.
///
/// Equal id for id to transformers 4's T5Tokenizer, which runs SentencePiece itself (slow and "legacy"): so the checkpoints were
/// trained and published. transformers 5 puts Rust's `tokenizers` in its place, which gives the same ids for ordinary prompts.
/// Where they differ, this follows the former:
///   - a text that ends in a literal </s> gets no second one;
///   - special tokens are sought in the text as typed, not again after normalisation (fullwidth \uFF1C/s\uFF1E is plain text);
///   - U+0085 is an unknown character, not white space; a combining mark after white space is a piece of its own;
///   - a single_word token is one that U+0020 or an end of the text sets apart, not any word boundary.
///
/// Reads `spiece.model`, and from tokenizer_config.json, special_tokens_map.json and added_tokens.json, where they are there, which
/// literal texts are special and how they treat white space beside them.
///
/// Encode cuts a text to `max_length` - 1 ids and adds the end-of-sequence id, unless it is the last already. Linear in the text's
/// length; some 0.5 s for a mebibyte.
class T5Tokenizer : public Tokenizer {
 public:
  /// Broken, naming the file, if the folder holds no usable model.
  static std::unique_ptr<const T5Tokenizer> Load(const std::filesystem::path& folder);

  virtual std::int64_t pad_id() const = 0;
  virtual std::int64_t eos_id() const = 0;
};

}  // namespace stampd::text
