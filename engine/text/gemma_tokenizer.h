#pragma once

#include <filesystem>
#include <memory>

#include "engine/text/tokenizer.h"

namespace stampd::text {

/// Gemma's tokenizer: byte-pair encoding with byte fallback, equal id for id to transformers' GemmaTokenizerFast, from the
/// files that it reads: tokenizer.json and, where it is there, tokenizer_config.json. The beginning-of-sequence id comes first,
/// nothing stands at the end.
///
/// Literal tokens (<start_of_turn>, <unused5>, runs of line breaks, HTML tags) stand for their ids wherever they are typed, before
/// anything else; then spaces become ▁, and each text between is one word. O(n log n) in the text's length; some 0.3 s for a
/// mebibyte.
///
/// Broken, naming the file, if the folder holds no such tokenizer, or one that adds other ids to a text or strips white space
/// beside its literal tokens.
std::unique_ptr<const Tokenizer> LoadGemmaTokenizer(const std::filesystem::path& folder);

}  // namespace stampd::text
