#include "engine/base/precision.h"

#include <gtest/gtest.h>

namespace stampd {
namespace {

TEST(PrecisionTest, NamesParseBack) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    EXPECT_EQ(ParsePrecision(Name(precision)), precision);
  }
}

TEST(PrecisionTest, UnknownNamesAreNothing) {
  for (const char* name : {"", "FP32", "bf16 ", "int8"}) EXPECT_EQ(ParsePrecision(name), std::nullopt) << name;
}

}  // namespace
}  // namespace stampd
