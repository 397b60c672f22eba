#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/text/sentencepiece.h"
#include "engine/text/special_tokens.h"

namespace stampd::text {

/// The special tokens of a T5 tokenizer's folder, and which of them end and pad a text.
struct T5SpecialTokens {
  std::vector<SpecialToken> tokens;
  std::int64_t eos_id = 0;
  std::int64_t pad_id = 0;
};

/// As transformers 4 builds them for its SentencePiece-backed T5Tokenizer: sentinels <extra_id_k> lie above the pieces in falling
/// order and eat white space on both sides; `added_tokens_decoder` in tokenizer_config.json overrides that, id by id; a config
/// without it is completed by special_tokens_map.json, and by added_tokens.json, whose tokens have no flags. Names that still have
/// no id get the next free ones. All files may be missing. Broken, naming the file, if one is unreadable or contradicts itself.
T5SpecialTokens ReadT5SpecialTokens(const std::filesystem::path& folder, const SentencePiece& pieces);

}  // namespace stampd::text
