#include "client/progress_bar.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

namespace stampd::client {
namespace {

// Bytes that begin a character outside of ANSI sequences.
int Columns(const std::string& text) {
  int columns = 0;
  bool in_sequence = false;
  for (const char c : text) {
    if (c == '\x1b') in_sequence = true;
    if (!in_sequence && (static_cast<unsigned char>(c) & 0xC0) != 0x80) ++columns;
    if (c == 'm') in_sequence = in_sequence && c != 'm';
  }
  return columns;
}

ProgressState Halfway() { return {.step = 10, .total = 20, .queue_position = 0, .seconds_per_step = 1.3, .seconds_left = 12.2}; }

TEST(ProgressBarTest, ShowsAllThatIsKnown) {
  EXPECT_EQ(RenderProgress(Halfway(), {.columns = 60}), "10/20 [==========>          ]   50%  1.30 s/step  0:13 left");
}

TEST(ProgressBarTest, BeginsEmptyAndEndsFull) {
  EXPECT_EQ(RenderProgress({.step = 0, .total = 4}, {.columns = 31}), "0/4 [>                 ]    0%");
  EXPECT_EQ(RenderProgress({.step = 4, .total = 4}, {.columns = 31}), "4/4 [==================]  100%");
}

TEST(ProgressBarTest, UnicodeAndColorsTakeNoColumns) {
  const std::string plain = RenderProgress(Halfway(), {.columns = 60, .unicode = true});
  EXPECT_NE(plain.find("━━─"), std::string::npos) << plain;
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  const std::string painted = RenderProgress(Halfway(), {.columns = 60, .color = true, .unicode = true});
  EXPECT_NE(painted.find("\x1b[32m"), std::string::npos);
  EXPECT_EQ(Columns(plain), 59);
  EXPECT_EQ(Columns(painted), 59);
}

TEST(ProgressBarTest, FillsEveryWidthExactly) {
  for (int columns = 2; columns < 200; ++columns) {
    for (const bool unicode : {false, true}) {
      EXPECT_EQ(Columns(RenderProgress(Halfway(), {.columns = columns, .unicode = unicode})), columns - 1);
      EXPECT_EQ(Columns(RenderProgress({.queue_position = 3}, {.columns = columns, .unicode = unicode})), columns - 1);
    }
  }
}

TEST(ProgressBarTest, NarrowTerminalsLoseTheTimeThenTheRateThenTheBar) {
  EXPECT_EQ(RenderProgress(Halfway(), {.columns = 44}), "10/20 [========>       ]   50%  1.30 s/step");
  EXPECT_EQ(RenderProgress(Halfway(), {.columns = 30}), "10/20 [=======>       ]   50%");
  EXPECT_EQ(RenderProgress(Halfway(), {.columns = 16}), "10/20   50%    ");
}

TEST(ProgressBarTest, WaitingSaysHowManyAreAhead) {
  EXPECT_EQ(RenderProgress({.queue_position = 3, .seconds_left = 60}, {.columns = 31}), "waiting, 3 ahead  1:00 left   ");
  EXPECT_EQ(RenderProgress({}, {.columns = 11}), "starting  ");
}

TEST(ProgressBarTest, StepsBeyondTheTotalDoNotOverflow) {
  EXPECT_EQ(Columns(RenderProgress({.step = 9, .total = 4}, {.columns = 40})), 39);
}

TEST(ProgressBarTest, DurationsAreClocks) {
  EXPECT_EQ(RenderDuration(0), "0:00");
  EXPECT_EQ(RenderDuration(-3), "0:00");
  EXPECT_EQ(RenderDuration(0.2), "0:01");
  EXPECT_EQ(RenderDuration(59.5), "1:00");
  EXPECT_EQ(RenderDuration(750), "12:30");
  EXPECT_EQ(RenderDuration(3723), "1:02:03");
  EXPECT_EQ(RenderDuration(std::numeric_limits<double>::infinity()), "277777:46:40");
}

TEST(ProgressBarTest, FastStepsAreCountedBySeconds) {
  EXPECT_EQ(RenderRate(1.3), "1.30 s/step");
  EXPECT_EQ(RenderRate(0.25), "4.0 steps/s");
  EXPECT_EQ(RenderRate(0), "1000000.0 steps/s");
}

}  // namespace
}  // namespace stampd::client
