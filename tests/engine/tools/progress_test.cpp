#include "engine/tools/measure/progress.h"

#include <sstream>

#include <gtest/gtest.h>

namespace stampd::tools {
namespace {

double now = 0;

class ProgressTest : public ::testing::Test {
 protected:
  // What is written when that is done at that time.
  std::string At(double time, const std::string& where, double done) {
    now = time;
    out_.str({});
    log_(where, done);
    return out_.str();
  }

  std::ostringstream out_;
  ProgressLog log_{out_, [] { return now; }};
};

TEST_F(ProgressTest, TimeLeftIsWhatTheRestTakesAtThePaceSoFar) {
  EXPECT_EQ(At(1000, "loading", 0), "loading\n");
  EXPECT_EQ(At(1100, "prompt 1 of 64", 0), "prompt 1 of 64\n");  // the clock starts here
  EXPECT_EQ(At(1110, "prompt 16 of 64", 0.25), "prompt 16 of 64: 25 %, 30 s left\n");
  EXPECT_EQ(At(1700, "prompt 16 of 64", 0.25), "prompt 16 of 64: 25 %, 30 min left\n");
  EXPECT_EQ(At(3500, "prompt 16 of 64", 0.25), "prompt 16 of 64: 25 %, 2 h 0 min left\n");
}

TEST_F(ProgressTest, LinesComeEveryFiveSecondsAtMost) {
  EXPECT_NE(At(10, "a", 0), "");
  EXPECT_EQ(At(14.9, "b", 0.1), "");
  EXPECT_NE(At(15, "c", 0.2), "");
  EXPECT_EQ(At(19, "d", 0), "");
  EXPECT_EQ(At(21, "e", 0.5), "e: 50 %, 2 s left\n");  // the clock starts with what was not written, too
}

TEST_F(ProgressTest, OrdinalsCountFromOne) { EXPECT_EQ(Ordinal(2, 20), "3 of 20"); }

}  // namespace
}  // namespace stampd::tools
