#include "engine/text/caption.h"

#include <algorithm>

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include "engine/text/caption_rules.h"
#include "engine/text/html_entities.h"
#include "engine/text/html_text.h"
#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

std::u16string_view View(const icu::UnicodeString& text) { return {text.getBuffer(), static_cast<std::size_t>(text.length())}; }

icu::UnicodeString FromView(std::u16string_view text) { return {text.data(), static_cast<std::int32_t>(text.size())}; }

icu::UnicodeString FromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string utf8;
  return text.toUTF8String(utf8);
}

icu::UnicodeString Lower(std::string_view text) { return FromUtf8(text).toLower(icu::Locale::getRoot()); }

std::string_view Strip(std::string_view text) { return StripRight(StripLeft(text)); }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// %xx as bytes, + as space; each run of ASCII is decoded on its own, so that escapes don't join with what stands beside them.
std::string UnquotePlus(std::string_view text) {
  std::string unquoted;
  for (std::size_t i = 0; i < text.size();) {
    std::string run;
    for (; i < text.size() && IsAscii(text[i]); ++i) {
      const int high = text[i] == '%' && i + 1 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = high >= 0 && i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      run += low >= 0 ? static_cast<char>(16 * high + low) : text[i] == '+' ? ' ' : text[i];
      if (low >= 0) i += 2;
    }
    unquoted += ValidUtf8(run);
    for (; i < text.size() && !IsAscii(text[i]); ++i) unquoted += text[i];
  }
  return unquoted;
}

// More than three hyphens and underscores are a file's or a tag's way to write spaces.
void SpellOutSpaces(icu::UnicodeString& text) {
  const std::u16string_view view = View(text);
  if (std::count_if(view.begin(), view.end(), [](char16_t c) { return c == u'-' || c == u'_'; }) <= 3) return;
  text.findAndReplace(u"-", u" ").findAndReplace(u"_", u" ");
}

std::string CleanOnce(std::string_view caption) {
  icu::UnicodeString text = Lower(Strip(UnquotePlus(caption)));
  RulesBeforeHtml().Apply(text);
  text = FromView(HtmlText(View(text)));
  RulesAfterHtml().Apply(text);
  SpellOutSpaces(text);
  text = FromView(HtmlUnescape(HtmlUnescape(View(text))));
  RulesAfterUnescape().Apply(text);
  RulesForBothEnds().Apply(text);
  const std::string cleaned = ToUtf8(text);
  return std::string(Strip(cleaned));
}

// A text encoder reads 300 tokens. The longest prompt that anyone types is far below this, and the rules take time that grows with
// the square of some texts.
std::string_view FirstCharacters(const std::string& text) {
  constexpr std::size_t kLongest = 16384;  // bytes
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (!IsAscii(text[end]) && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string_view(text).substr(0, end);
}

}  // namespace

std::string LowerAndStrip(std::string_view text) {
  const std::string lower = ToUtf8(Lower(ValidUtf8(text)));
  return std::string(Strip(lower));
}

std::string CleanCaption(std::string_view text) {
  const std::string valid = ValidUtf8(text);
  return CleanOnce(CleanOnce(FirstCharacters(valid)));
}

}  // namespace stampd::text
