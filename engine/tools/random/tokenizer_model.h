#pragma once

#include <string_view>

namespace stampd::tools {

/// The bytes of data/spiece.model, and how many pieces it has.
std::string_view TokenizerModel();
inline constexpr int kTokenizerPieces = 896;

}  // namespace stampd::tools
