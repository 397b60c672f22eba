#include "engine/samplers/flow_euler_schedule.h"

#include "engine/samplers/betas.h"

namespace stampd::samplers {
namespace {

/// From the last timestep to the first, shifted; float32 as in the reference.
SigmaRange TrainingRange(int train_timesteps, double shift) {
  const auto n = static_cast<float>(train_timesteps);
  return {ShiftedSigma(n / n, shift), ShiftedSigma(1 / n, shift)};
}

}  // namespace

FlowEulerSchedule::FlowEulerSchedule(const io::Config& config)
    : settings_(config), train_timesteps_(TrainTimesteps(config)), range_(TrainingRange(train_timesteps_, settings_.flow_shift)) {}

Schedule FlowEulerSchedule::Steps(int steps) const {
  CheckSteps(steps, max_steps());
  Schedule schedule;
  for (const double sigma : Sigmas(steps)) {
    schedule.sigmas.push_back(static_cast<float>(sigma));
    schedule.timesteps.push_back(schedule.sigmas.back() * static_cast<float>(train_timesteps_));
  }
  schedule.sigmas.push_back(0);
  return schedule;
}

std::vector<double> FlowEulerSchedule::Sigmas(int steps) const {
  std::vector<double> sigmas = Linspace(range_.max * train_timesteps_, range_.min * train_timesteps_, steps);
  // The ends are shifted already; the reference shifts again.
  for (double& s : sigmas) s = ShiftedSigma(s / train_timesteps_, settings_.flow_shift);
  const SigmaRange range = RangeOf(settings_, {sigmas.front(), sigmas.back()});
  switch (settings_.sigma_spacing) {
    case SigmaSpacing::kKarras:
      return KarrasSigmas(range, steps);
    case SigmaSpacing::kExponential:
      return ExponentialSigmas(range, steps);
    case SigmaSpacing::kBeta:
      return BetaSigmas(range, steps);
    case SigmaSpacing::kLu:  // a setting of DPM-Solver only
    case SigmaSpacing::kTimesteps:
      break;
  }
  return sigmas;
}

}  // namespace stampd::samplers
