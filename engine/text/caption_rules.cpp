#include "engine/text/caption_rules.h"

#include <memory>
#include <string>
#include <utility>

#include <unicode/regex.h>

#include "engine/base/error.h"

namespace stampd::text {
namespace {

// In units of 10,000 steps back. A prompt takes a few; what is made to take many is not worth a second.
constexpr std::int32_t kStepLimit = 2000;

// Python's classes in ICU's words. ICU's own \w has marks and joiners in it, its \s lacks U+001C to U+001F, and its \b skips marks.
constexpr std::string_view kWord = R"([\p{L}\p{N}_])";
constexpr std::string_view kSpace = R"([\t-\r\x1C-\x20\x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000])";
constexpr std::string_view kNotSpace = R"([^\t-\r\x1C-\x20\x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000])";
constexpr std::string_view kBoundary = R"((?:(?<=[\p{L}\p{N}_])(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}_])(?=[\p{L}\p{N}_])))";

std::string_view AsIcu(char letter) {
  switch (letter) {
    case 'w':
      return kWord;
    case 's':
      return kSpace;
    case 'S':
      return kNotSpace;
    case 'b':
      return kBoundary;
    default:
      return {};
  }
}

std::string AsIcu(std::string_view pattern) {
  std::string translated;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      translated += pattern[i];
      continue;
    }
    const std::string_view icu = AsIcu(pattern[++i]);
    translated += icu.empty() ? pattern.substr(i - 1, 2) : icu;
  }
  return translated;
}

}  // namespace

struct CaptionRules::Compiled {
  std::unique_ptr<const icu::RegexPattern> pattern;
  icu::UnicodeString replacement;

  explicit Compiled(const CaptionRule& rule) : replacement(icu::UnicodeString::fromUTF8(rule.replacement)) {
    UErrorCode status = U_ZERO_ERROR;
    UParseError where{};
    pattern.reset(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(AsIcu(rule.pattern)), UREGEX_DOTALL, where, status));
    if (U_FAILURE(status)) {
      throw Broken("[caption] can't compile " + std::string(rule.pattern) + ": " + u_errorName(status) + " at " +
                   std::to_string(where.offset));
    }
  }

  void Apply(icu::UnicodeString& text) const {
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<icu::RegexMatcher> matcher(pattern->matcher(text, status));
    if (U_FAILURE(status)) throw Broken(std::string("[caption] no matcher: ") + u_errorName(status));
    matcher->setTimeLimit(kStepLimit, status);
    icu::UnicodeString replaced = matcher->replaceAll(replacement, status);
    if (U_SUCCESS(status)) text = std::move(replaced);
  }
};

CaptionRules::CaptionRules(const std::vector<CaptionRule>& rules) : rules_(rules.begin(), rules.end()) {}

CaptionRules::~CaptionRules() = default;

void CaptionRules::Apply(icu::UnicodeString& text) const {
  for (const Compiled& rule : rules_) rule.Apply(text);
}

const CaptionRules& RulesBeforeHtml() {
  static const CaptionRules rules({
      {R"(<person>)", "person"},
      {R"(\b(?:https?:(?:/{1,3}|[a-zA-Z0-9%])|[a-zA-Z0-9.\-]+\.(?:com|co|ru|net|org|edu|gov|it)[\w/\-]*\b/?(?!@)))", ""},
      {R"(\b(?:www:(?:/{1,3}|[a-zA-Z0-9%])|[a-zA-Z0-9.\-]+\.(?:com|co|ru|net|org|edu|gov|it)[\w/\-]*\b/?(?!@)))", ""},
  });
  return rules;
}

const CaptionRules& RulesAfterHtml() {
  static const CaptionRules rules({
      {R"(@\w+)", ""},
      {R"([\u31C0-\u9FFF]+)", ""},  // from CJK strokes to the unified ideographs
      {R"([\-\u058A\u05BE\u1400\u1806\u2010-\u2015\u2E17\u2E1A\u2E3A\u2E3B\u2E40\u301C\u3030\u30A0\uFE31\uFE32\uFE58\uFE63\uFF0D]+)",
       "-"},
      {R"([`\u00B4\u00AB\u00BB\u201C\u201D\u00A8])", "\""},
      {R"([\u2018\u2019])", "'"},
      {R"(&quot;?)", ""},
      {R"(&amp)", ""},
      {R"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})", " "},  // addresses of machines
      {R"(\d:\d\d\s+\z)", ""},
      {R"(\\n)", " "},
      {R"(#\d{1,3}\b)", ""},
      {R"(#\d{5,}\b)", ""},
      {R"(\b\d{6,}\b)", ""},
      {R"((?<!\S)\S+\.(?:png|jpg|jpeg|bmp|webp|eps|pdf|apk|mp4))", ""},  // if not from a word's start, then from nowhere in it
      {R"(["']{2,})", "\""},
      {R"(\.{2,})", " "},
      {R"([#\u00AE\u2022\u00A9\u2122\&@\u00B7\u00BA\u00BD\u00BE\u00BF\u00A1\u00A7~)(\]\[\}\{|\\/*]+)", " "},
      {R"((?<!\s)\s+\.\s+)", " "},
  });
  return rules;
}

const CaptionRules& RulesAfterUnescape() {
  static const CaptionRules rules({
      {R"(\b[a-zA-Z]{1,3}\d{3,15}\b)", ""},
      {R"(\b[a-zA-Z]+\d+[a-zA-Z]+\b)", ""},
      {R"(\b\d+[a-zA-Z]+\d+\b)", ""},
      {R"((?:worldwide\s+)?(?:free\s+)?shipping)", ""},
      {R"((?:free\s)?download(?:\sfree)?)", ""},
      {R"(\bclick\s(?:for|on)\s\w+)", ""},
      {R"(\b(?:png|jpg|jpeg|bmp|webp|eps|pdf|apk|mp4)(?:\simages?)?)", ""},
      {R"(\bpage\s+\d+\b)", ""},
      {R"(\b\d*[a-zA-Z]+\d+[a-zA-Z]+\d+[a-zA-Z\d]*\b)", " "},
      {R"(\b\d+\.?\d*[x\u0445\u00D7]\d+\.?\d*\b)", ""},  // x, Cyrillic ha, multiplication sign
      {R"(\b\s+:\s+)", ": "},
      {R"((\D[,./])\b)", "$1 "},
      {R"(\s+)", " "},
  });
  return rules;
}

const CaptionRules& RulesForBothEnds() {
  static const CaptionRules rules({
      {R"(\A["'](.+)["']\z)", "$1"},
      {R"(\A['_,\-:;])", ""},
      {R"(['_,\-:+]\z)", ""},
      {R"(\A\.\S+\z)", ""},
  });
  return rules;
}

}  // namespace stampd::text
