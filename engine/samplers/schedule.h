#pragma once

#include <optional>
#include <vector>

#include "engine/io/config.h"
#include "engine/samplers/noise_schedule.h"
#include "engine/samplers/sigma_spacing.h"

namespace stampd::samplers {

/// A run: the model is evaluated at timesteps[i], and the latent goes from noise level sigmas[i] to sigmas[i + 1].
struct Schedule {
  std::vector<double> timesteps;
  std::vector<float> sigmas;  // at least one more than timesteps
};

enum class TimestepSpacing { kLinspace, kLeading, kTrailing };  // arXiv:2305.08891, table 2
enum class SigmaSpacing { kTimesteps, kKarras, kExponential, kBeta, kLu };

/// What the schedules of all solvers read alike from a scheduler_config.json.
struct ScheduleSettings {
  explicit ScheduleSettings(const io::Config& config);

  TimestepSpacing timestep_spacing;
  int steps_offset = 0;  // of leading timesteps
  SigmaSpacing sigma_spacing;
  bool flow = false;  // flow.h
  double flow_shift = 1;
  bool ends_at_zero = true;  // else at the lowest sigma of training
  std::optional<double> sigma_min;
  std::optional<double> sigma_max;
};

/// From `first` down in steps of train_timesteps / steps while above 0, each rounded, less one.
///
/// numpy.arange, by which the reference counts them, gives one too many for some numbers (61 of 1000) by rounding; here that extra
/// step to timestep -1 does not exist.
std::vector<double> TrailingTimesteps(int first, int train_timesteps, int steps);

/// `range`, or what the config puts in its place.
SigmaRange RangeOf(const ScheduleSettings& settings, SigmaRange range);

/// `sigmas` in float32 and then the final one.
std::vector<float> WithFinal(const std::vector<double>& sigmas, const ScheduleSettings& settings, const NoiseSchedule& noise);

/// BadRequest unless `steps` is 1 to `max`.
void CheckSteps(int steps, int max);

}  // namespace stampd::samplers
