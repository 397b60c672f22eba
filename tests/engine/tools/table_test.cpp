#include "engine/tools/table.h"

#include <limits>

#include <gtest/gtest.h>

namespace stampd::tools {
namespace {

TEST(TableTest, NumbersStandUnderEachOtherAtTheRight) {
  Table table({{"layer"}, {"dB", Table::kRight}});
  table.Add({"attn1", Decimal(9.5, 1)});
  table.Add({"ff", Decimal(21.25, 1)});
  EXPECT_EQ(table.Text(), "layer    dB\nattn1   9.5\nff     21.2\n");
}

TEST(TableTest, DecimalsKeepTheirDigitsWhateverTheirSize) {
  EXPECT_EQ(Decimal(2.5, 2), "2.50");
  EXPECT_EQ(Decimal(-0.126, 2), "-0.13");
  EXPECT_EQ(Decimal(1e40, 1).size(), 43u);
  EXPECT_EQ(Decimal(std::numeric_limits<double>::infinity(), 4), "inf");
}

TEST(TableTest, ThousandsAreGrouped) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(610856096), "610,856,096");
}

}  // namespace
}  // namespace stampd::tools
