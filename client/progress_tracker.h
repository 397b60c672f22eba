#pragma once

#include <chrono>

#include "client/progress_bar.h"
#include "stampd/v1/text_to_image.pb.h"

namespace stampd::client {

/// Turns the server's news into the bar's state. The rate is measured here, from the first progress event on, so that neither the
/// queue nor the text encoder counts; the time left is the server's prediction, or else the steps left at that rate.
class ProgressTracker {
 public:
  using Clock = std::chrono::steady_clock;

  void Accepted(const v1::Accepted& news);
  void Progressed(const v1::Progress& news, Clock::time_point now);

  const ProgressState& state() const { return state_; }

 private:
  ProgressState state_;
  int first_step_ = 0;
  Clock::time_point first_time_;
};

}  // namespace stampd::client
