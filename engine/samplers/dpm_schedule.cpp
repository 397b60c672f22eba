#include "engine/samplers/dpm_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/samplers/choice.h"

namespace stampd::samplers {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> LinspaceTimesteps(int end, int steps) {
  std::vector<double> timesteps = Linspace(0, end - 1, steps + 1);
  std::reverse(timesteps.begin(), timesteps.end());
  timesteps.pop_back();
  for (double& t : timesteps) t = std::nearbyint(t);
  return timesteps;
}

std::vector<double> LeadingTimesteps(int end, int offset, int steps) {
  const int ratio = end / (steps + 1);
  std::vector<double> timesteps(steps);
  for (int i = 0; i < steps; ++i) timesteps[i] = (steps - i) * ratio + offset;
  return timesteps;
}

}  // namespace

DpmSchedule::DpmSchedule(const io::Config& config)
    : noise_(config),
      settings_(config),
      end_(noise_.CountFromLambda(config.Double("lambda_min_clipped", -kInfinity))),
      // The reference rounds what Karras and Lu give, but for this beta schedule; and truncates all else.
      rounds_timesteps_(config.String("beta_schedule", "linear") != "squaredcos_cap_v2" &&
                        (settings_.sigma_spacing == SigmaSpacing::kKarras || settings_.sigma_spacing == SigmaSpacing::kLu)) {
  if (flow() && settings_.sigma_spacing != SigmaSpacing::kTimesteps) {
    throw Unsupported(config, "use_flow_sigmas", "false beside sigmas of another spacing", "true");
  }
  if (end_ < 1) throw Unsupported(config, "lambda_min_clipped", "a value that leaves timesteps", "none left");
}

int DpmSchedule::max_steps() const {
  const bool leading = spaced_by_timesteps() && settings_.timestep_spacing == TimestepSpacing::kLeading;
  return leading ? end_ - 1 : noise_.timesteps();
}

Schedule DpmSchedule::Steps(int steps) const {
  CheckSteps(steps, max_steps());
  Schedule schedule;
  std::vector<double> sigmas;
  if (spaced_by_timesteps()) {
    schedule.timesteps = Timesteps(steps);
    for (const double t : schedule.timesteps) sigmas.push_back(noise_.SigmaAt(t));
  } else {
    sigmas = Sigmas(steps);
    schedule.timesteps = TimestepsOf(sigmas);
  }
  schedule.sigmas = WithFinal(sigmas, settings_, noise_);
  return schedule;
}

std::vector<double> DpmSchedule::Timesteps(int steps) const {
  switch (settings_.timestep_spacing) {
    case TimestepSpacing::kLinspace:
      return LinspaceTimesteps(end_, steps);
    case TimestepSpacing::kLeading:
      return LeadingTimesteps(end_, settings_.steps_offset, steps);
    case TimestepSpacing::kTrailing:
      return TrailingTimesteps(end_, noise_.timesteps(), steps);
  }
  return {};
}

std::vector<double> DpmSchedule::Sigmas(int steps) const {
  if (flow()) return FlowSigmas(settings_.flow_shift, noise_.timesteps(), steps);
  const SigmaRange range = RangeOf(settings_, {noise_.sigmas().back(), noise_.sigmas().front()});
  switch (settings_.sigma_spacing) {
    case SigmaSpacing::kKarras:
      return KarrasSigmas(range, steps);
    case SigmaSpacing::kExponential:
      return ExponentialSigmas(range, steps);
    case SigmaSpacing::kBeta:
      return BetaSigmas(range, steps);
    case SigmaSpacing::kLu:
      return LuSigmas(noise_.log_sigmas().back(), noise_.log_sigmas().front(), steps);
    case SigmaSpacing::kTimesteps:
      break;
  }
  return {};
}

std::vector<double> DpmSchedule::TimestepsOf(const std::vector<double>& sigmas) const {
  std::vector<double> timesteps(sigmas.size());
  std::transform(sigmas.begin(), sigmas.end(), timesteps.begin(), [this](double sigma) {
    const double t = flow() ? sigma * noise_.timesteps() : noise_.TimestepOf(sigma);
    return std::trunc(rounds_timesteps_ ? std::nearbyint(t) : t);
  });
  return timesteps;
}

}  // namespace stampd::samplers
