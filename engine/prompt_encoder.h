#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/models/networks.h"
#include "engine/text/tokenizer.h"

namespace stampd {

enum class PromptRole { kPositive, kNegative };

/// Prompt to embeddings: preprocess, tokenize, encode. Immutable and thread-safe.
///
/// An instruction to the text encoder (SANA's "complex human instruction", https://arxiv.org/abs/2410.10629, 3.3) stands before
/// each positive prompt, as it is. The encoder reads both; of what it gives, the embeddings of the first token are kept, and
/// those from the instruction's last token on. An instruction ends in a space, which becomes part of the prompt's first token: so
/// this is all of the prompt.
class PromptEncoder {
 public:
  /// `max_tokens` of embeddings for a prompt, at least 2; `instruction` UTF-8, or empty for none.
  PromptEncoder(std::unique_ptr<const text::Tokenizer> tokenizer, std::unique_ptr<const models::TextEncoder> encoder,
                int max_tokens, std::string instruction = {});

  /// [tokens, width]. `prompt` is UTF-8; what is past the model's tokens is cut, as the reference does.
  torch::Tensor Encode(std::string_view prompt, PromptRole role, bool clean_caption) const;

  const models::TextEncoder& encoder() const { return *encoder_; }
  bool has_instruction() const { return !instruction_.empty(); }

 private:
  torch::Tensor EncodeInstructed(const std::string& caption) const;

  std::unique_ptr<const text::Tokenizer> tokenizer_;
  std::unique_ptr<const models::TextEncoder> encoder_;
  int max_tokens_;
  std::string instruction_;
  int instruction_tokens_ = 0;
};

}  // namespace stampd
