#include "engine/text/html_text.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "engine/text/html_entities.h"
#include "engine/text/html_soup.h"
#include "engine/text/unicode_text.h"

namespace stampd::text {
namespace {

using View = std::u16string_view;
constexpr std::size_t kNone = View::npos;

bool IsLetter(char16_t c) { return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z'); }
bool IsDigit(char16_t c) { return c >= u'0' && c <= u'9'; }
bool IsHexDigit(char16_t c) { return IsDigit(c) || (c >= u'a' && c <= u'f') || (c >= u'A' && c <= u'F'); }
bool IsSpace(char16_t c) { return IsPythonSpace(c); }
bool IsOneOf(char16_t c, View set) { return set.find(c) != kNone; }
bool IsOneOf(View word, std::initializer_list<View> words) { return std::find(words.begin(), words.end(), word) != words.end(); }

bool IsRaw(View tag) { return IsOneOf(tag, {u"script", u"style"}); }

// html.parser's part: finds the markup. It reads a text twice: once as if more might follow, stopping at the first construct that
// is not complete, and from there once more to the end, where such constructs are text.
class Parser {
 public:
  explicit Parser(View html) : html_(html) {}

  std::u16string Text() && {
    Read(false);
    Read(true);
    return std::move(soup_).Text();
  }

 private:
  void Read(bool to_the_end) {
    while (at_ < html_.size() && ReadOne(to_the_end)) {
    }
    if (to_the_end && at_ < html_.size() && raw_element_.empty()) soup_.Add(html_.substr(at_));
  }

  // Text, then one piece of markup. False where reading has to stop.
  bool ReadOne(bool to_the_end) {
    const std::size_t next = raw_element_.empty() ? html_.find_first_of(u"&<", at_) : FindEndOfRaw();
    if (next == kNone && !raw_element_.empty()) return false;
    AddUpTo(std::min(next, html_.size()));
    if (at_ == html_.size()) return false;
    if (html_[at_] == u'<') return ReadMarkup(to_the_end);
    return StartsWith(at_, u"&#") ? ReadCharacterNumber() : ReadEntity(to_the_end);
  }

  bool ReadMarkup(bool to_the_end) {
    if (at_ + 1 == html_.size()) return false;
    std::optional<std::size_t> end = EndOfMarkup();
    if (!end && !to_the_end) return false;
    if (end) {
      at_ = *end;
    } else {
      AddUpTo(EndOfBrokenMarkup());
    }
    return true;
  }

  // Where the construct at "<" ends, after telling the soup; nothing if it does not.
  std::optional<std::size_t> EndOfMarkup() {
    if (IsLetter(CharAt(at_ + 1))) return ReadStartTag();
    if (CharAt(at_ + 1) == u'/') return ReadEndTag();
    if (StartsWith(at_, u"<!--")) return Skip(AfterClose(at_ + 4, u"--", u">"));
    if (CharAt(at_ + 1) == u'?') return Skip(After(u'>', at_ + 2));
    if (StartsWith(at_, u"<![")) return ReadMarkedSection();
    if (StartsWith(at_, u"<!doctype")) return Skip(After(u'>', at_ + 9));
    if (CharAt(at_ + 1) == u'!') return Skip(After(u'>', at_ + 2));
    soup_.Add(u"<");
    return at_ + 1;
  }

  std::size_t EndOfBrokenMarkup() const {
    if (const auto end = After(u'>', at_ + 1)) return *end;
    const std::size_t next = html_.find(u'<', at_ + 1);
    return next == kNone ? at_ + 1 : next;
  }

  std::optional<std::size_t> ReadStartTag() {
    const std::size_t name_end = EndOfName(at_ + 1);
    const View tag = html_.substr(at_ + 1, name_end - at_ - 1);
    std::size_t i = SkipSpaceAndSlashes(name_end);
    while (const auto end = EndOfAttribute(i)) i = *end;
    if (CharAt(i) == u'>') {
      OpenElement(tag);
      return i + 1;
    }
    if (StartsWith(i, u"/>")) {
      soup_.OpenAndClose(tag);
      return i + 2;
    }
    if (i == html_.size() || html_[i] == u'=' || html_[i] == u'/' || IsLetter(html_[i])) return std::nullopt;
    soup_.Add(html_.substr(at_, i - at_));
    return i;
  }

  void OpenElement(View tag) {
    soup_.Open(tag);
    if (IsRaw(tag)) raw_element_ = tag;
  }

  // A name must follow white space, a slash or a quote; the value is quoted, bare or absent.
  std::optional<std::size_t> EndOfAttribute(std::size_t i) const {
    const char16_t before = html_[i - 1];
    if (!IsSpace(before) && !IsOneOf(before, u"'\"/")) return std::nullopt;
    if (i >= html_.size() || IsSpace(html_[i]) || IsOneOf(html_[i], u"/>")) return std::nullopt;
    ++i;
    while (i < html_.size() && !IsSpace(html_[i]) && !IsOneOf(html_[i], u"/=>")) ++i;
    return SkipSpaceAndSlashes(EndOfValue(i));
  }

  // From after an attribute's name; there again if no value can be read.
  std::size_t EndOfValue(std::size_t name_end) const {
    const std::size_t sign = SkipSpace(name_end);
    if (CharAt(sign) != u'=') return name_end;
    std::size_t signs_end = sign;
    while (CharAt(signs_end) == u'=') ++signs_end;
    const std::size_t value = SkipSpace(signs_end);
    const char16_t quote = CharAt(value);
    if (quote != u'\'' && quote != u'"') return EndOfBareValue(value);
    if (const auto end = After(quote, value + 1)) return *end;
    // The quote is never closed: what is left is an empty value before white space, or a bare one that begins with "=".
    if (value > signs_end) return value;
    return signs_end > sign + 1 ? EndOfBareValue(signs_end - 1) : name_end;
  }

  std::size_t EndOfBareValue(std::size_t i) const {
    while (i < html_.size() && html_[i] != u'>' && !IsSpace(html_[i])) ++i;
    return i;
  }

  std::optional<std::size_t> ReadEndTag() {
    const auto end = After(u'>', at_ + 1);
    if (!end) return std::nullopt;
    if (const View name = WholeEndTagName(); !name.empty()) {
      soup_.Close(name);
      raw_element_.clear();
      return end;
    }
    if (!IsLetter(CharAt(at_ + 2))) return CharAt(at_ + 2) == u'>' ? end : Skip(end);
    const std::size_t name_end = EndOfName(at_ + 2);
    soup_.Close(html_.substr(at_ + 2, name_end - at_ - 2));
    return After(u'>', SkipSpaceAndSlashes(name_end));
  }

  // The name in "</ name >", if there is nothing else in it.
  View WholeEndTagName() const {
    const std::size_t begin = SkipSpace(at_ + 2);
    std::size_t end = begin;
    if (!IsLetter(CharAt(begin))) return {};
    while (IsLetter(CharAt(end)) || IsDigit(CharAt(end)) || (end < html_.size() && IsOneOf(html_[end], u"-.:_"))) ++end;
    return CharAt(SkipSpace(end)) == u'>' ? html_.substr(begin, end - begin) : View();
  }

  // "<![cdata[…]]>", and what old word processors write: "<![if …]>".
  std::optional<std::size_t> ReadMarkedSection() {
    std::size_t name_end = at_ + 3;
    while (IsLetter(CharAt(name_end)) || (name_end > at_ + 3 && IsNameRest(CharAt(name_end)))) ++name_end;
    const View name = html_.substr(at_ + 3, name_end - at_ - 3);
    if (name_end == at_ + 3 && name_end < html_.size()) return Skip(After(u'>', at_ + 2));
    if (SkipSpace(name_end) == html_.size()) return std::nullopt;
    if (IsOneOf(name, {u"if", u"else", u"endif"})) return Skip(AfterClose(at_ + 3, u"]", u">"));
    if (!IsOneOf(name, {u"temp", u"cdata", u"ignore", u"include", u"rcdata"})) return Skip(After(u'>', at_ + 2));
    std::size_t close = kNone;
    const auto end = AfterSectionClose(at_ + 3, close);
    if (end && StartsWith(at_ + 3, u"cdata[")) {
      soup_.Cdata(html_.substr(at_ + 9, close - at_ - 9));
      return end;
    }
    return Skip(end);
  }

  // "&#12;" or "&#x1f;", ended by anything that is no digit.
  bool ReadCharacterNumber() {
    const bool is_hex = CharAt(at_ + 2) == u'x' || CharAt(at_ + 2) == u'X';
    std::size_t i = at_ + (is_hex ? 3 : 2);
    const std::size_t digits = i;
    const std::uint32_t number = ReadNumber(html_, i, is_hex ? 16 : 10);
    if (i > digits && i < html_.size() && !IsHexDigit(html_[i])) {
      AddNumbered(number);
      at_ = i + (html_[i] == u';' ? 1 : 0);
      return true;
    }
    if (html_.find(u';', at_) != kNone) AddUpTo(at_ + 2);
    return false;
  }

  void AddNumbered(std::uint32_t number) {
    const bool is_character = number != 0 && number <= 0x10FFFF && !(number >= 0xD800 && number <= 0xDFFF);
    std::u16string character;
    AppendCodePoint(is_character ? FromWindows1252(number) : 0xFFFD, character);
    soup_.Add(character);
  }

  bool ReadEntity(bool to_the_end) {
    std::size_t i = at_ + 1;
    if (i == html_.size()) return false;
    if (!IsLetter(html_[i])) {
      AddUpTo(i);
      return true;
    }
    while (i < html_.size() && (IsLetter(html_[i]) || IsDigit(html_[i]) || IsOneOf(html_[i], u"-."))) ++i;
    // Something must end the name; where nothing follows, that is its own last dot or hyphen.
    if (i == html_.size()) i = html_.find_last_of(u"-.");
    if (i != kNone && i > at_ + 1) {
      AddEntity(html_.substr(at_ + 1, i - at_ - 1));
      at_ = i + (html_[i] == u';' ? 1 : 0);
      return true;
    }
    // A lone "&" and letter at the very end lose the "&".
    if (to_the_end && at_ + 2 == html_.size()) ++at_;
    return false;
  }

  void AddEntity(View name) {
    auto characters = HtmlEntity(name);
    if (!characters) characters = HtmlEntity(std::u16string(name) + u";");
    if (!characters) soup_.Add(u"&");
    soup_.Add(characters.value_or(name));
  }

  // ---- reading on from a place

  char16_t CharAt(std::size_t i) const { return i < html_.size() ? html_[i] : u'\0'; }
  bool StartsWith(std::size_t i, View prefix) const { return html_.substr(std::min(i, html_.size())).starts_with(prefix); }
  static bool IsNameRest(char16_t c) { return IsLetter(c) || IsDigit(c) || IsOneOf(c, u"-_."); }

  void AddUpTo(std::size_t end) {
    soup_.Add(html_.substr(at_, end - at_));
    at_ = end;
  }

  // Markup without text of its own ends the text before it.
  std::optional<std::size_t> Skip(std::optional<std::size_t> end) {
    if (end) soup_.Other();
    return end;
  }

  std::optional<std::size_t> After(char16_t c, std::size_t from) const {
    const std::size_t found = html_.find(c, from);
    return found == kNone ? std::nullopt : std::optional(found + 1);
  }

  std::size_t SkipSpace(std::size_t i) const {
    while (i < html_.size() && IsSpace(html_[i])) ++i;
    return i;
  }

  std::size_t SkipSpaceAndSlashes(std::size_t i) const {
    while (i < html_.size() && (IsSpace(html_[i]) || (html_[i] == u'/' && CharAt(i + 1) != u'>'))) ++i;
    return i;
  }

  std::size_t EndOfName(std::size_t i) const {
    while (i < html_.size() && html_[i] != u'\0' && !IsOneOf(html_[i], u"\t\n\r\f />")) ++i;
    return i;
  }

  // After the first `open`, white space, `close`.
  std::optional<std::size_t> AfterClose(std::size_t from, View open, View close) const {
    for (std::size_t i = html_.find(open, from); i != kNone; i = html_.find(open, i + 1)) {
      const std::size_t rest = SkipSpace(i + open.size());
      if (StartsWith(rest, close)) return rest + close.size();
    }
    return std::nullopt;
  }

  // After the first "]]>", which may have white space inside; `begin` is where that is.
  std::optional<std::size_t> AfterSectionClose(std::size_t from, std::size_t& begin) const {
    for (begin = html_.find(u']', from); begin != kNone; begin = html_.find(u']', begin + 1)) {
      const std::size_t second = SkipSpace(begin + 1);
      if (CharAt(second) != u']') continue;
      const std::size_t rest = SkipSpace(second + 1);
      if (CharAt(rest) == u'>') return rest + 1;
    }
    return std::nullopt;
  }

  // The end tag of the raw element that is open.
  std::size_t FindEndOfRaw() const {
    for (std::size_t i = html_.find(u"</", at_); i != kNone; i = html_.find(u"</", i + 1)) {
      const std::size_t name = SkipSpace(i + 2);
      if (StartsWith(name, raw_element_) && CharAt(SkipSpace(name + raw_element_.size())) == u'>') return i;
    }
    return kNone;
  }

  View html_;
  std::size_t at_ = 0;
  std::u16string raw_element_;  // script or style, while inside one
  HtmlSoup soup_;
};

}  // namespace

std::u16string HtmlText(View html) { return Parser(html).Text(); }

}  // namespace stampd::text
