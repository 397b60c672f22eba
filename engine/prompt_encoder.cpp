#include "engine/prompt_encoder.h"

#include <string>
#include <vector>

#include "engine/text/caption.h"

namespace stampd {

std::shared_ptr<const models::TextContext> PromptEncoder::Encode(std::string_view prompt, bool clean_caption,
                                                                 const models::Denoiser& denoiser) const {
  const std::string caption = clean_caption ? text::CleanCaption(prompt) : text::LowerAndStrip(prompt);
  const std::vector<std::int64_t> ids = tokenizer_->Encode(caption, max_tokens_);
  return denoiser.PrepareText(encoder_->Encode(ids).to(denoiser.dtype()));
}

}  // namespace stampd
