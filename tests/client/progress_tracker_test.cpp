#include "client/progress_tracker.h"

#include <gtest/gtest.h>

namespace stampd::client {
namespace {

using std::chrono::seconds;

v1::Progress News(int step, int total) {
  v1::Progress news;
  news.set_step(step);
  news.set_total(total);
  return news;
}

class ProgressTrackerTest : public testing::Test {
 protected:
  ProgressTracker tracker_;
  ProgressTracker::Clock::time_point start_;
};

TEST_F(ProgressTrackerTest, AcceptedTellsTheQueue) {
  v1::Accepted news;
  news.set_queue_position(4);
  news.mutable_eta()->set_seconds(9);
  tracker_.Accepted(news);
  EXPECT_EQ(tracker_.state().queue_position, 4);
  EXPECT_EQ(tracker_.state().seconds_left, 9.0);
  EXPECT_EQ(tracker_.state().total, 0);
}

TEST_F(ProgressTrackerTest, OneStepGivesNoRate) {
  tracker_.Progressed(News(1, 8), start_);
  EXPECT_FALSE(tracker_.state().seconds_per_step);
  EXPECT_FALSE(tracker_.state().seconds_left);
}

TEST_F(ProgressTrackerTest, RateIsTheMeanSinceTheFirstNews) {
  tracker_.Progressed(News(1, 8), start_);
  tracker_.Progressed(News(2, 8), start_ + seconds(1));
  tracker_.Progressed(News(4, 8), start_ + seconds(6));  // news of step 3 was dropped
  EXPECT_DOUBLE_EQ(tracker_.state().seconds_per_step.value(), 2.0);
  EXPECT_DOUBLE_EQ(tracker_.state().seconds_left.value(), 8.0);
}

TEST_F(ProgressTrackerTest, TheServersPredictionWins) {
  tracker_.Progressed(News(1, 8), start_);
  v1::Progress news = News(2, 8);
  news.mutable_eta()->set_seconds(1);
  news.mutable_eta()->set_nanos(500'000'000);
  tracker_.Progressed(news, start_ + seconds(1));
  EXPECT_DOUBLE_EQ(tracker_.state().seconds_left.value(), 1.5);
}

}  // namespace
}  // namespace stampd::client
