#include "engine/tools/csv.h"

#include <gtest/gtest.h>

namespace stampd::tools {
namespace {

TEST(CsvTest, PlainTextStaysAsItIs) {
  for (const char* text : {"", "stamp-w4a4", "5 bits in the high tokens", "zwölf; drei"}) EXPECT_EQ(CsvField(text), text);
}

TEST(CsvTest, WhatWouldEndAFieldIsQuoted) {
  EXPECT_EQ(CsvField("tiles of 2, shuffled"), "\"tiles of 2, shuffled\"");
  EXPECT_EQ(CsvField("two\r\nlines"), "\"two\r\nlines\"");
}

TEST(CsvTest, QuotesAreDoubled) {
  EXPECT_EQ(CsvField("\"mine\""), "\"\"\"mine\"\"\"");
  EXPECT_EQ(CsvField("a 3\" tile, \"best\""), "\"a 3\"\" tile, \"\"best\"\"\"");
}

}  // namespace
}  // namespace stampd::tools
