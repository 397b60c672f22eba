#pragma once

#include <string>
#include <string_view>

namespace stampd::text {

/// The two preprocessings that the reference pipelines give a prompt. UTF-8 in and out; invalid bytes become U+FFFD.

/// Python's text.lower().strip(): Unicode case mapping and white space.
std::string LowerAndStrip(std::string_view text);

/// diffusers' `_clean_caption`, applied twice as `_text_preprocessing` does: takes out addresses, markup, mentions, CJK ideographs,
/// file names, ids and the like.
///
/// Equal to it but for three things. ftfy.fix_text is left out: it mends text that was decoded wrongly (mojibake), spells out Latin
/// ligatures and full-width letters, composes to NFC and drops control characters. Markup that makes the reference fail goes
/// as a comment does. Only the first 16 KiB count, of which a text encoder sees 300 tokens.
std::string CleanCaption(std::string_view text);

}  // namespace stampd::text
