#include "engine/base/precision.h"

#include <gtest/gtest.h>

namespace stampd {
namespace {

TEST(PrecisionTest, NamesParseBack) {
  for (const Precision precision :
       {Precision::kFp32, Precision::kBf16, Precision::kFp16, Precision::kW4A4, Precision::kW4A8, Precision::kW8A8}) {
    EXPECT_EQ(ParsePrecision(Name(precision)), precision);
  }
}

TEST(PrecisionTest, UnknownNamesAreNothing) {
  for (const char* name : {"", "FP32", "bf16 ", "int8"}) EXPECT_EQ(ParsePrecision(name), std::nullopt) << name;
}

TEST(PrecisionTest, ListsAreJoinedWithPlus) {
  EXPECT_EQ(ParsePrecisions("w4a4"), std::vector{Precision::kW4A4});
  EXPECT_EQ(ParsePrecisions("w4a4+fp32"), (std::vector{Precision::kW4A4, Precision::kFp32}));
  for (const char* names : {"", "+", "w4a4+", "+w4a4", "w4a4+w4a4", "w4a4,fp32"})
    EXPECT_EQ(ParsePrecisions(names), std::nullopt) << names;
}

}  // namespace
}  // namespace stampd
