#include "engine/text/unicode_text.h"

#include <gtest/gtest.h>

namespace stampd::text {
namespace {

TEST(ValidUtf8, KeepsWhatIsValid) {
  const std::string text("a\0\u00E9\u72D0\U0001F98A\u0301", 13);
  EXPECT_EQ(ValidUtf8(text), text);
  EXPECT_EQ(ValidUtf8(""), "");
}

// Expected values: bytes.decode("utf-8", "replace").
TEST(ValidUtf8, ReplacesEachIllFormedRunAsPythonDoes) {
  EXPECT_EQ(ValidUtf8("a\xFF"), "a\uFFFD");
  EXPECT_EQ(ValidUtf8("\x80\x80"), "\uFFFD\uFFFD");
  EXPECT_EQ(ValidUtf8("\xE7\x8B"), "\uFFFD");                            // cut short
  EXPECT_EQ(ValidUtf8("\xF0\x9F\xA6z"), "\uFFFDz");                      // cut short by a letter
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(ValidUtf8("\xC0\xAF"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(ValidUtf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
}

TEST(Strip, TakesPythonsWhiteSpaceOffOneEnd) {
  EXPECT_EQ(StripLeft("\u00A0\u2003\x1C\x85 a "), "\x85 a ");  // a lone 0x85 is no character
  EXPECT_EQ(StripLeft("\u3000\u0085\x1F\t\r\n a "), "a ");
  EXPECT_EQ(StripRight(" a\u2028\u2029\u202F\u205F\u1680\x0B\x0C"), " a");
  EXPECT_EQ(StripRight(" \u3000\t"), "");
  EXPECT_EQ(StripLeft(" \u3000\t"), "");
  EXPECT_EQ(StripRight(""), "");
}

TEST(Strip, LeavesWhatOnlyLooksEmpty) {
  for (const std::string text : {"\u200B", "\uFEFF", "\u2060", "\u180E", "\u00AD"}) {
    EXPECT_EQ(StripLeft(text), text);
    EXPECT_EQ(StripRight(text), text);
  }
}

}  // namespace
}  // namespace stampd::text
