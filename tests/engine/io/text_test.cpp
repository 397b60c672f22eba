#include "engine/io/text.h"

#include <vector>

#include <gtest/gtest.h>

#include "engine/io/config.h"

namespace stampd::io {
namespace {

TEST(JsonStringTest, ReadsBackAsWhatItWas) {
  std::string all;
  for (char c = 1; c < 0x7f; ++c) all += c;
  for (const std::string& text : {std::string(), all, std::string("a\0b", 3), std::string("Σ 🌵"), std::string(R"("\)")}) {
    EXPECT_EQ(Config::Parse("{" + JsonString(text) + ": " + JsonString(text) + "}", "t").String(text), text);
  }
}

TEST(QuoteTest, IsShortAndPrintable) {
  EXPECT_EQ(Quote("a.weight"), "\"a.weight\"");
  EXPECT_EQ(Quote("a\nb\x1b[31m"), "\"a?b?[31m\"");
  EXPECT_EQ(Quote(std::string(1000, 'x')), "\"" + std::string(120, 'x') + "…\"");
}

TEST(ShapeTextTest, IsAList) {
  EXPECT_EQ(ShapeText({}), "[]");
  EXPECT_EQ(ShapeText(std::vector<std::int64_t>{2, 3}), "[2, 3]");
}

}  // namespace
}  // namespace stampd::io
