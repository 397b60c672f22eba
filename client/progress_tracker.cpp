#include "client/progress_tracker.h"

#include <google/protobuf/util/time_util.h>

namespace stampd::client {
namespace {

double Seconds(const google::protobuf::Duration& duration) {
  return static_cast<double>(google::protobuf::util::TimeUtil::DurationToMicroseconds(duration)) * 1e-6;
}

}  // namespace

void ProgressTracker::Accepted(const v1::Accepted& news) {
  state_.queue_position = news.queue_position();
  if (news.has_eta()) state_.seconds_left = Seconds(news.eta());
}

void ProgressTracker::Progressed(const v1::Progress& news, Clock::time_point now) {
  if (state_.total == 0) {
    first_step_ = news.step();
    first_time_ = now;
  }
  state_.step = news.step();
  state_.total = news.total();
  const int measured = news.step() - first_step_;
  if (measured > 0) state_.seconds_per_step = std::chrono::duration<double>(now - first_time_).count() / measured;
  state_.seconds_left.reset();
  if (news.has_eta()) {
    state_.seconds_left = Seconds(news.eta());
  } else if (state_.seconds_per_step) {
    state_.seconds_left = *state_.seconds_per_step * (news.total() - news.step());
  }
}

}  // namespace stampd::client
