#include "engine/prompt_encoder.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "engine/text/caption.h"

namespace stampd {

PromptEncoder::PromptEncoder(std::unique_ptr<const text::Tokenizer> tokenizer, std::unique_ptr<const models::TextEncoder> encoder,
                             int max_tokens, std::string instruction)
    : tokenizer_(std::move(tokenizer)),
      encoder_(std::move(encoder)),
      max_tokens_(max_tokens),
      instruction_(std::move(instruction)) {
  if (has_instruction()) {
    instruction_tokens_ = static_cast<int>(tokenizer_->Encode(instruction_, std::numeric_limits<int>::max()).size());
  }
}

torch::Tensor PromptEncoder::Encode(std::string_view prompt, PromptRole role, bool clean_caption) const {
  const std::string caption = clean_caption ? text::CleanCaption(prompt) : text::LowerAndStrip(prompt);
  if (role == PromptRole::kPositive && has_instruction()) return EncodeInstructed(caption);
  return encoder_->Encode(tokenizer_->Encode(caption, max_tokens_));
}

torch::Tensor PromptEncoder::EncodeInstructed(const std::string& caption) const {
  const std::vector<std::int64_t> ids = tokenizer_->Encode(instruction_ + caption, instruction_tokens_ + max_tokens_ - 2);
  const torch::Tensor embeddings = encoder_->Encode(ids);
  // The reference pads to that length and keeps the last max_tokens - 1, of which the padding is masked. Together the two may even
  // have fewer tokens than the instruction alone.
  const std::int64_t kept_from = std::min<std::int64_t>(instruction_tokens_ - 1, embeddings.size(0));
  return at::cat({embeddings.slice(0, 0, 1), embeddings.slice(0, kept_from)});
}

}  // namespace stampd
