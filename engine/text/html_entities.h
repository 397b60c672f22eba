#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stampd::text {

/// All names of https://html.spec.whatwg.org/#named-character-references, "name=hex code points joined by +" and a space each.
/// Names end in ";" except those that HTML also takes without.
extern const char kHtmlEntityTable[];

/// The characters of a name as the table spells it ("amp;", "amp"), or nothing.
std::optional<std::u16string_view> HtmlEntity(std::u16string_view name);

/// What Windows-1252 has at 0x80 to 0x9F, which HTML reads numbers of controls as; other numbers as they are.
std::uint32_t FromWindows1252(std::uint32_t number);

/// Reads digits of `base` (10 or 16) from `i` on, which moves past them. Too large a number stays beyond U+10FFFF.
std::uint32_t ReadNumber(std::u16string_view text, std::size_t& i, unsigned base);

void AppendCodePoint(std::uint32_t c, std::u16string& text);

/// Python's html.unescape: named and numeric character references, with or without their semicolon, as HTML5 resolves them.
std::u16string HtmlUnescape(std::u16string_view text);

}  // namespace stampd::text
