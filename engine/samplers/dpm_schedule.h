#pragma once

#include "engine/io/config.h"
#include "engine/samplers/noise_schedule.h"
#include "engine/samplers/schedule.h"

namespace stampd::samplers {

/// How DPMSolverMultistepScheduler lays its steps into the noise of training. Timesteps are whole numbers. Immutable, thread-safe.
class DpmSchedule {
 public:
  explicit DpmSchedule(const io::Config& config);

  /// A latent is (1 - sigma) * x0 + sigma * noise, and not of constant variance.
  bool flow() const { return settings_.flow; }
  bool ends_at_zero() const { return settings_.ends_at_zero; }
  int max_steps() const;
  /// Fewer steps than asked where lambda_min_clipped cuts trailing timesteps off.
  Schedule Steps(int steps) const;

 private:
  bool spaced_by_timesteps() const { return !flow() && settings_.sigma_spacing == SigmaSpacing::kTimesteps; }
  std::vector<double> Timesteps(int steps) const;
  std::vector<double> TimestepsOf(const std::vector<double>& sigmas) const;
  std::vector<double> Sigmas(int steps) const;

  NoiseSchedule noise_;
  ScheduleSettings settings_;
  int end_;  // timesteps from here on are too noisy to be used
  bool rounds_timesteps_;
};

}  // namespace stampd::samplers
