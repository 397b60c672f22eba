#pragma once

#include <string_view>

namespace stampd::tools {

/// The bytes of the files in data/, which make_tokenizers.py there trained, and how many pieces they have.

std::string_view T5TokenizerModel();
inline constexpr int kT5Pieces = 896;

std::string_view GemmaTokenizerModel();
std::string_view GemmaTokenizerJson();  // the same for transformers
inline constexpr int kGemmaPieces = 1024;

}  // namespace stampd::tools
