#include "engine/io/config.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace stampd::io {
namespace {

using testing::HasSubstr;

TEST(ConfigTest, AcceptsWhatPythonWritesBeyondTheStandard) {
  const Config config = Config::Parse(R"({"low": -Infinity, "high": Infinity, "none": NaN})", "scheduler_config.json");
  EXPECT_EQ(config.Double("low"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(config.Double("high"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(config.Double("none")));
}

}  // namespace
}  // namespace stampd::io
