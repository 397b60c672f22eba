#include "engine/samplers/euler_schedule.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <torch/types.h>

#include "engine/samplers/choice.h"

namespace stampd::samplers {
namespace {

std::vector<double> LinspaceTimesteps(int train_timesteps, int steps) {
  std::vector<double> timesteps = Linspace(0, train_timesteps - 1, steps);
  std::reverse(timesteps.begin(), timesteps.end());
  return timesteps;
}

std::vector<double> LeadingTimesteps(int train_timesteps, int offset, int steps) {
  const int ratio = train_timesteps / steps;
  std::vector<double> timesteps(steps);
  for (int i = 0; i < steps; ++i) timesteps[i] = (steps - 1 - i) * ratio + offset;
  return timesteps;
}

/// Even in log sigma over all of training, one more than there are steps; float32 as in the reference.
std::vector<double> LogLinearSigmas(const NoiseSchedule& noise, int steps) {
  const torch::Tensor sigmas =
      torch::linspace(noise.log_sigmas().back(), noise.log_sigmas().front(), steps + 1, torch::kFloat32).exp();
  const float* first = sigmas.data_ptr<float>();
  return {first, first + sigmas.numel()};
}

// kLu is a setting of DPM-Solver only; the reference reads past it.
SigmaSpacing Known(SigmaSpacing spacing) { return spacing == SigmaSpacing::kLu ? SigmaSpacing::kTimesteps : spacing; }

}  // namespace

EulerSchedule::EulerSchedule(const io::Config& config, bool v_prediction)
    : noise_(config),
      settings_(config),
      log_linear_(Choice<bool>(config, "interpolation_type", "linear", {{"linear", false}, {"log_linear", true}})),
      log_sigma_timesteps_(Choice<bool>(config, "timestep_type", "discrete", {{"discrete", false}, {"continuous", true}}) &&
                           v_prediction) {
  if (settings_.flow) throw Unsupported(config, "use_flow_sigmas", "false for EulerDiscreteScheduler", "true");
  settings_.sigma_spacing = Known(settings_.sigma_spacing);
}

Schedule EulerSchedule::Steps(int steps) const {
  CheckSteps(steps, max_steps());
  Schedule schedule{Timesteps(steps), {}};
  std::vector<double> sigmas = SigmasBeforeSpacing(schedule.timesteps);
  if (settings_.sigma_spacing != SigmaSpacing::kTimesteps) {
    sigmas = Spaced(RangeOf(settings_, {sigmas.front(), sigmas.back()}), steps);
    std::transform(sigmas.begin(), sigmas.end(), schedule.timesteps.begin(), [this](double s) { return noise_.TimestepOf(s); });
  }
  schedule.sigmas = WithFinal(sigmas, settings_, noise_);
  if (log_sigma_timesteps_) {
    schedule.timesteps.clear();
    for (const double sigma : sigmas) schedule.timesteps.push_back(0.25 * std::log(sigma));
  }
  for (double& t : schedule.timesteps) t = static_cast<float>(t);
  return schedule;
}

float EulerSchedule::InitialNoiseSigma(float highest) const {
  return settings_.timestep_spacing == TimestepSpacing::kLeading ? std::sqrt(highest * highest + 1) : highest;
}

std::vector<double> EulerSchedule::Timesteps(int steps) const {
  const int train = noise_.timesteps();
  std::vector<double> timesteps;
  switch (settings_.timestep_spacing) {
    case TimestepSpacing::kLinspace:
      timesteps = LinspaceTimesteps(train, steps);
      break;
    case TimestepSpacing::kLeading:
      timesteps = LeadingTimesteps(train, settings_.steps_offset, steps);
      break;
    case TimestepSpacing::kTrailing:
      timesteps = TrailingTimesteps(train, train, steps);
      break;
  }
  for (double& t : timesteps) t = static_cast<float>(t);
  return timesteps;
}

std::vector<double> EulerSchedule::SigmasBeforeSpacing(const std::vector<double>& timesteps) const {
  if (log_linear_) return LogLinearSigmas(noise_, static_cast<int>(timesteps.size()));
  std::vector<double> sigmas;
  for (const double t : timesteps) sigmas.push_back(noise_.SigmaAt(t));
  return sigmas;
}

std::vector<double> EulerSchedule::Spaced(SigmaRange range, int steps) const {
  switch (settings_.sigma_spacing) {
    case SigmaSpacing::kKarras:
      return KarrasSigmas(range, steps);
    case SigmaSpacing::kExponential:
      return ExponentialSigmas(range, steps);
    case SigmaSpacing::kBeta:
      return BetaSigmas(range, steps);
    case SigmaSpacing::kLu:
    case SigmaSpacing::kTimesteps:
      break;
  }
  return {};
}

}  // namespace stampd::samplers
