#pragma once

#include "engine/io/config.h"
#include "engine/samplers/schedule.h"
#include "engine/samplers/sigma_spacing.h"

namespace stampd::samplers {

/// How FlowMatchEulerDiscreteScheduler lays its steps between noise and data. Timesteps are fractions, in float32, and the first is
/// num_train_timesteps. Immutable, thread-safe.
class FlowEulerSchedule {
 public:
  explicit FlowEulerSchedule(const io::Config& config);

  int max_steps() const { return train_timesteps_; }
  Schedule Steps(int steps) const;

 private:
  std::vector<double> Sigmas(int steps) const;

  ScheduleSettings settings_;
  int train_timesteps_;
  SigmaRange range_;  // of training
};

}  // namespace stampd::samplers
