#pragma once

#include <string_view>
#include <vector>

#include <unicode/unistr.h>

namespace stampd::text {

/// One replacement of all matches of a regular expression, written and understood as in Python's `re` for str: \w, \s and \b go by
/// Python's tables, and $ in the replacement names a group.
struct CaptionRule {
  std::string_view pattern;      // UTF-8
  std::string_view replacement;  // UTF-8
};

/// Rules, compiled once and applied in order. Immutable and thread-safe.
class CaptionRules {
 public:
  explicit CaptionRules(const std::vector<CaptionRule>& rules);
  ~CaptionRules();
  CaptionRules(const CaptionRules&) = delete;
  CaptionRules& operator=(const CaptionRules&) = delete;

  /// A rule that needs too many steps on this text (a matter of seconds) leaves it as it is.
  void Apply(icu::UnicodeString& text) const;

 private:
  struct Compiled;
  std::vector<Compiled> rules_;
};

/// The rules of `_clean_caption`, between its steps that are no regular expressions.
const CaptionRules& RulesBeforeHtml();     // <person>, addresses of pages
const CaptionRules& RulesAfterHtml();      // mentions, ideographs, dashes, quotes, numbers, file names, punctuation
const CaptionRules& RulesAfterUnescape();  // ids, shop talk, sizes, spaces after punctuation
const CaptionRules& RulesForBothEnds();    // outer quotes, leading and trailing punctuation

}  // namespace stampd::text
