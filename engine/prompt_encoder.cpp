#include "engine/prompt_encoder.h"

#include <string>
#include <vector>

#include "engine/text/caption.h"

namespace stampd {

torch::Tensor PromptEncoder::Encode(std::string_view prompt, bool clean_caption) const {
  const std::string caption = clean_caption ? text::CleanCaption(prompt) : text::LowerAndStrip(prompt);
  return encoder_->Encode(tokenizer_->Encode(caption, max_tokens_));
}

}  // namespace stampd
