#include "engine/text/html_entities.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <unordered_map>

namespace stampd::text {
namespace {

constexpr std::uint32_t kBeyondUnicode = 0x110000;
constexpr std::uint32_t kReplacement = 0xFFFD;

using Table = std::unordered_map<std::u16string, std::u16string>;

Table ReadTable() {
  Table table;
  for (const char* at = kHtmlEntityTable; *at != '\0';) {
    const char* name_end = std::strchr(at, '=');
    const char* end = std::strchr(at, ' ');
    std::u16string characters;
    for (const char* number = name_end; number != end;) {
      std::uint32_t c = 0;
      number = std::from_chars(number + 1, end, c, 16).ptr;
      AppendCodePoint(c, characters);
    }
    table.emplace(std::u16string(at, name_end), characters);
    at = end + 1;
  }
  return table;
}

// Python leaves these numbers out of a text.
bool IsDropped(std::uint32_t c) {
  const bool is_control = (c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F;
  const bool is_noncharacter = (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
  return is_control || is_noncharacter;
}

void AppendNumbered(std::uint32_t number, std::u16string& text) {
  if (number == 0 || number >= kBeyondUnicode || (number >= 0xD800 && number <= 0xDFFF)) {
    AppendCodePoint(kReplacement, text);
  } else if (!IsDropped(number)) {
    AppendCodePoint(FromWindows1252(number), text);
  }
}

bool IsDigit(char16_t c, unsigned base) {
  return (c >= u'0' && c <= u'9') || (base == 16 && ((c >= u'a' && c <= u'f') || (c >= u'A' && c <= u'F')));
}

unsigned DigitValue(char16_t c) { return c <= u'9' ? c - u'0' : (c | 0x20) - u'a' + 10; }

// "&#" has been read up to `i`. False, and `i` where it was, if no number follows.
bool UnescapeNumber(std::u16string_view text, std::size_t& i, std::u16string& out) {
  const bool is_hex = i < text.size() && (text[i] == u'x' || text[i] == u'X');
  const unsigned base = is_hex ? 16 : 10;
  std::size_t end = i + (is_hex ? 1 : 0);
  if (end >= text.size() || !IsDigit(text[end], base)) return false;
  AppendNumbered(ReadNumber(text, end, base), out);
  if (end < text.size() && text[end] == u';') ++end;
  i = end;
  return true;
}

// What may belong to a name after "&", with its semicolon: at most 32 characters and one.
std::u16string_view NameAt(std::u16string_view text, std::size_t i) {
  constexpr std::u16string_view kNotInNames = u"\t\n\f <&#;";
  constexpr std::size_t kLongest = 32;
  std::size_t end = std::min({text.find_first_of(kNotInNames, i), i + kLongest, text.size()});
  if (end > i && end < text.size() && text[end] == u';') ++end;
  return text.substr(i, end - i);
}

// The longest name that the text at `i` begins with; `i` moves past it.
bool UnescapeName(std::u16string_view text, std::size_t& i, std::u16string& out) {
  const std::u16string_view name = NameAt(text, i);
  for (std::size_t length = name.size(); length >= 2; --length) {
    if (const auto characters = HtmlEntity(name.substr(0, length))) {
      out += *characters;
      i += length;
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<std::u16string_view> HtmlEntity(std::u16string_view name) {
  static const Table table = ReadTable();
  const auto found = table.find(std::u16string(name));
  return found == table.end() ? std::nullopt : std::optional<std::u16string_view>(found->second);
}

std::uint32_t FromWindows1252(std::uint32_t number) {
  constexpr char16_t kControls[] =
      u"\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\x8D\u017D\x8F"
      u"\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178";
  return number >= 0x80 && number <= 0x9F ? kControls[number - 0x80] : number;
}

std::uint32_t ReadNumber(std::u16string_view text, std::size_t& i, unsigned base) {
  std::uint32_t number = 0;
  for (; i < text.size() && IsDigit(text[i], base); ++i) {
    number = std::min(number * base + DigitValue(text[i]), kBeyondUnicode);
  }
  return number;
}

void AppendCodePoint(std::uint32_t c, std::u16string& text) {
  if (c < 0x10000) {
    text += static_cast<char16_t>(c);
  } else {
    text += static_cast<char16_t>(0xD7C0 + (c >> 10));
    text += static_cast<char16_t>(0xDC00 | (c & 0x3FF));
  }
}

std::u16string HtmlUnescape(std::u16string_view text) {
  std::u16string out;
  for (std::size_t i = 0; i < text.size();) {
    const char16_t c = text[i++];
    if (c == u'&') {
      std::size_t number = i + 1;
      if (i < text.size() && text[i] == u'#') {
        if (UnescapeNumber(text, number, out)) {
          i = number;
          continue;
        }
      } else if (UnescapeName(text, i, out)) {
        continue;
      }
    }
    out += c;
  }
  return out;
}

}  // namespace stampd::text
