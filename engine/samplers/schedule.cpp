#include "engine/samplers/schedule.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "engine/samplers/choice.h"
#include "engine/samplers/flow.h"

namespace stampd::samplers {
namespace {

SigmaSpacing ReadSigmaSpacing(const io::Config& config) {
  constexpr std::array<std::pair<const char*, SigmaSpacing>, 4> kSpacings = {
      {{"use_karras_sigmas", SigmaSpacing::kKarras},
       {"use_exponential_sigmas", SigmaSpacing::kExponential},
       {"use_beta_sigmas", SigmaSpacing::kBeta},
       {"use_lu_lambdas", SigmaSpacing::kLu}}};
  SigmaSpacing found = SigmaSpacing::kTimesteps;
  std::string key;
  for (const auto& [name, spacing] : kSpacings) {
    if (!config.Bool(name, false)) continue;
    if (!key.empty()) throw Unsupported(config, name, "false beside " + key, "true");
    found = spacing;
    key = name;
  }
  return found;
}

int ReadStepsOffset(const io::Config& config) {
  const std::int64_t offset = config.Int("steps_offset", 0);
  if (offset < 0 || offset > std::numeric_limits<int>::max() / 2) {
    throw Unsupported(config, "steps_offset", "0 or more", std::to_string(offset));
  }
  return static_cast<int>(offset);
}

std::optional<double> ReadSigma(const io::Config& config, std::string_view key) {
  const std::optional<double> sigma = config.OptionalDouble(key);
  if (sigma && !(*sigma > 0 && std::isfinite(*sigma))) throw Unsupported(config, key, "above 0", std::to_string(*sigma));
  return sigma;
}

}  // namespace

ScheduleSettings::ScheduleSettings(const io::Config& config)
    : timestep_spacing(Choice<TimestepSpacing>(config, "timestep_spacing", "linspace",
                                               {{"linspace", TimestepSpacing::kLinspace},
                                                {"leading", TimestepSpacing::kLeading},
                                                {"trailing", TimestepSpacing::kTrailing}})),
      steps_offset(ReadStepsOffset(config)),
      sigma_spacing(ReadSigmaSpacing(config)),
      flow(IsFlow(config)),
      flow_shift(FlowShift(config)),
      ends_at_zero(Choice<bool>(config, "final_sigmas_type", "zero", {{"zero", true}, {"sigma_min", false}})),
      sigma_min(ReadSigma(config, "sigma_min")),
      sigma_max(ReadSigma(config, "sigma_max")) {}

std::vector<double> TrailingTimesteps(int first, int train_timesteps, int steps) {
  const double ratio = static_cast<double>(train_timesteps) / steps;
  // The difference as numpy.arange computes it, because halves are rounded next.
  const double step = (first - ratio) - first;
  const std::int64_t count = (std::int64_t{first} * steps + train_timesteps - 1) / train_timesteps;
  std::vector<double> timesteps(count);
  for (std::int64_t i = 0; i < count; ++i) timesteps[i] = std::nearbyint(first + static_cast<double>(i) * step) - 1;
  return timesteps;
}

SigmaRange RangeOf(const ScheduleSettings& settings, SigmaRange range) {
  return {settings.sigma_max.value_or(range.max), settings.sigma_min.value_or(range.min)};
}

std::vector<float> WithFinal(const std::vector<double>& sigmas, const ScheduleSettings& settings, const NoiseSchedule& noise) {
  std::vector<float> all(sigmas.begin(), sigmas.end());
  all.push_back(settings.ends_at_zero ? 0 : noise.sigmas().front());
  return all;
}

void CheckSteps(int steps, int max) {
  if (steps >= 1 && steps <= max) return;
  throw BadRequest("steps", "is " + std::to_string(steps) + "; must be 1 to " + std::to_string(max));
}

}  // namespace stampd::samplers
