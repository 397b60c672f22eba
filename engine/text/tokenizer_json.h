#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/byte_pair_encoder.h"
#include "engine/text/special_tokens.h"

namespace stampd::text {

/// A tokenizer.json of Hugging Face's `tokenizers`, of the kind that Gemma has: byte-pair encoding with byte fallback over the
/// whole text, whose only normalisation writes ▁ for a space.
struct TokenizerJson {
  BytePairs pairs;
  std::vector<SpecialToken> typed;       // sought in the text as typed
  std::vector<SpecialToken> normalized;  // sought after spaces became ▁, as their own have
  int vocabulary = 0;                    // ids lie below
};

/// Broken, naming file, key, expected and found, if it is no such file or asks for something that is not done here. Merges may be
/// pairs or, as in older files, strings with a space between the two.
TokenizerJson ReadTokenizerJson(const std::filesystem::path& file);

/// `text` with ▁ for each U+0020.
std::string SpacesMarked(std::string_view text);

}  // namespace stampd::text
