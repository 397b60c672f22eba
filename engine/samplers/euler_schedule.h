#pragma once

#include "engine/io/config.h"
#include "engine/samplers/noise_schedule.h"
#include "engine/samplers/schedule.h"

namespace stampd::samplers {

/// How EulerDiscreteScheduler lays its steps into the noise of training. Timesteps may be fractions, in float32. Immutable,
/// thread-safe.
class EulerSchedule {
 public:
  /// `v_prediction`: with timestep_type "continuous" the model then wants 0.25 * ln(sigma) for a timestep.
  EulerSchedule(const io::Config& config, bool v_prediction);

  int max_steps() const { return noise_.timesteps(); }
  Schedule Steps(int steps) const;
  /// Of the first latent, given the highest level of its schedule.
  float InitialNoiseSigma(float highest) const;

 private:
  std::vector<double> Timesteps(int steps) const;
  std::vector<double> SigmasBeforeSpacing(const std::vector<double>& timesteps) const;
  std::vector<double> Spaced(SigmaRange range, int steps) const;

  NoiseSchedule noise_;
  ScheduleSettings settings_;
  bool log_linear_;
  bool log_sigma_timesteps_;
};

}  // namespace stampd::samplers
