#pragma once

#include <string>
#include <string_view>

namespace stampd::text {

/// The two preprocessings that the reference pipelines give a prompt. UTF-8 in and out; invalid bytes become U+FFFD.

/// Python's text.lower().strip(): Unicode case mapping and white space.
std::string LowerAndStrip(std::string_view text);

/// diffusers' `_clean_caption`, applied twice as `_text_preprocessing` does: takes out URLs, markup, mentions, CJK ideographs, file
/// names, ids and the like. All of it but ftfy.fix_text, which mends text that was decoded wrongly (mojibake) and has no
/// counterpart in C++; texts that were decoded rightly come out the same.
std::string CleanCaption(std::string_view text);

}  // namespace stampd::text
