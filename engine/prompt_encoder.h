#pragma once

#include <memory>
#include <string_view>

#include "engine/models/networks.h"
#include "engine/text/t5_tokenizer.h"

namespace stampd {

/// Prompt to embeddings: preprocess, tokenize, encode. Immutable and thread-safe.
class PromptEncoder {
 public:
  PromptEncoder(std::unique_ptr<const text::T5Tokenizer> tokenizer, std::unique_ptr<const models::TextEncoder> encoder,
                int max_tokens)
      : tokenizer_(std::move(tokenizer)), encoder_(std::move(encoder)), max_tokens_(max_tokens) {}

  /// `prompt` is UTF-8; what is past the model's tokens is cut, as the reference does.
  torch::Tensor Encode(std::string_view prompt, bool clean_caption) const;

  const models::TextEncoder& encoder() const { return *encoder_; }

 private:
  std::unique_ptr<const text::T5Tokenizer> tokenizer_;
  std::unique_ptr<const models::TextEncoder> encoder_;
  int max_tokens_;
};

}  // namespace stampd
