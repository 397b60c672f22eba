#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stampd::text {

/// The code point of UTF-8 that begins at `i`, which moves past it. U+FFFD where there is none.
char32_t NextCodePoint(std::string_view text, std::size_t& i);

/// `text` with each byte run that is not UTF-8 replaced by U+FFFD, as bytes.decode("utf-8", "replace") does it in Python.
std::string ValidUtf8(std::string_view text);

/// str.isspace of Python: Unicode's White_Space and the four separators U+001C to U+001F.
bool IsPythonSpace(char32_t c);

/// str.lstrip() and str.rstrip() of Python. `text` is valid UTF-8.
std::string_view StripLeft(std::string_view text);
std::string_view StripRight(std::string_view text);

}  // namespace stampd::text
