#include "engine/text/unicode_text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace stampd::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool IsTrailByte(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

char32_t NextCodePoint(std::string_view text, std::size_t& i) {
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(text.data(), i, text.size(), c);
  return c;
}

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    const bool is_replaced = NextCodePoint(text, i) == 0xFFFD;
    valid += is_replaced ? kReplacement : text.substr(start, i - start);
  }
  return valid;
}

bool IsPythonSpace(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x1F);
  return u_isUWhiteSpace(static_cast<UChar32>(c));
}

std::string_view StripLeft(std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size() && IsPythonSpace(NextCodePoint(text, i));) begin = i;
  return text.substr(begin);
}

std::string_view StripRight(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t last = end - 1;
    while (last > 0 && IsTrailByte(text[last])) --last;
    if (std::size_t i = last; !IsPythonSpace(NextCodePoint(text, i))) break;
    end = last;
  }
  return text.substr(0, end);
}

}  // namespace stampd::text
