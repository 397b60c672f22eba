#include "engine/text/html_soup.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace stampd::text {
namespace {

using View = std::u16string_view;

bool IsOneOf(View word, std::initializer_list<View> words) { return std::find(words.begin(), words.end(), word) != words.end(); }

bool IsVoid(View tag) {
  return IsOneOf(tag, {u"area",     u"base",    u"br",       u"col",   u"embed", u"hr",      u"img",    u"input",
                       u"keygen",   u"link",    u"menuitem", u"meta",  u"param", u"source",  u"track",  u"wbr",
                       u"basefont", u"bgsound", u"command",  u"frame", u"image", u"isindex", u"nextid", u"spacer"});
}
bool HidesText(View tag) { return IsOneOf(tag, {u"script", u"style", u"template", u"rt", u"rp"}); }
bool KeepsWhiteSpace(View tag) { return IsOneOf(tag, {u"pre", u"textarea"}); }

}  // namespace

void HtmlSoup::Add(View data) { data_ += data; }

void HtmlSoup::Open(View tag) {
  if (!IsVoid(tag)) return Push(tag);
  OpenAndClose(tag);
  ++closed_voids_[std::u16string(tag)];
}

void HtmlSoup::OpenAndClose(View tag) {
  Push(tag);
  PopTo(tag);
}

void HtmlSoup::Close(View tag) {
  const auto closed = closed_voids_.find(std::u16string(tag));
  if (closed == closed_voids_.end() || closed->second == 0) return PopTo(tag);
  --closed->second;
}

void HtmlSoup::Cdata(View data) {
  Other();
  data_ = data;
  text_ += data.empty() && keeping_ == 0 ? u" " : Squeezed();
  data_.clear();
}

void HtmlSoup::Other() {
  if (hiding_ == 0) text_ += Squeezed();
  data_.clear();
}

std::u16string HtmlSoup::Text() && {
  Other();
  return std::move(text_);
}

void HtmlSoup::Push(View tag) {
  Other();
  Count(tag, +1);
  open_.emplace_back(tag);
}

void HtmlSoup::PopTo(View tag) {
  Other();
  const auto last = std::find(open_.rbegin(), open_.rend(), tag);
  if (last == open_.rend()) return;
  const std::size_t kept = open_.rend() - last - 1;
  for (; open_.size() > kept; open_.pop_back()) Count(open_.back(), -1);
}

void HtmlSoup::Count(View tag, int change) {
  if (HidesText(tag)) hiding_ += change;
  if (KeepsWhiteSpace(tag)) keeping_ += change;
}

// White space alone becomes one character.
View HtmlSoup::Squeezed() const {
  if (keeping_ > 0 || data_.empty() || data_.find_first_not_of(u" \n\t\f\r") != View::npos) return data_;
  return data_.find(u'\n') != View::npos ? u"\n" : u" ";
}

}  // namespace stampd::text
