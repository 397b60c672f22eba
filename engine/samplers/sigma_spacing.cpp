#include "engine/samplers/sigma_spacing.h"

#include <algorithm>
#include <cmath>

#include "engine/samplers/beta_quantile.h"

namespace stampd::samplers {

std::vector<double> Linspace(double first, double last, int count) {
  std::vector<double> values(count, first);
  const double step = count > 1 ? (last - first) / (count - 1) : 0;
  for (int i = 1; i < count; ++i) values[i] = i * step + first;
  if (count > 1) values.back() = last;
  return values;
}

std::vector<double> KarrasSigmas(SigmaRange range, int count) {
  constexpr double kRho = 7;
  const double first = std::pow(range.max, 1 / kRho);
  const double last = std::pow(range.min, 1 / kRho);
  std::vector<double> sigmas = Linspace(0, 1, count);
  for (double& s : sigmas) s = std::pow(first + s * (last - first), kRho);
  return sigmas;
}

std::vector<double> ExponentialSigmas(SigmaRange range, int count) {
  std::vector<double> sigmas = Linspace(std::log(range.max), std::log(range.min), count);
  for (double& s : sigmas) s = std::exp(s);
  return sigmas;
}

std::vector<double> BetaSigmas(SigmaRange range, int count) {
  constexpr double kShape = 0.6;
  std::vector<double> sigmas = Linspace(0, 1, count);
  for (double& s : sigmas) s = range.min + BetaQuantile(1 - s, kShape, kShape) * (range.max - range.min);
  return sigmas;
}

std::vector<double> LuSigmas(double log_max, double log_min, int count) {
  std::vector<double> sigmas = Linspace(0, 1, count);
  for (double& s : sigmas) s = std::exp(log_max + s * (log_min - log_max));
  return sigmas;
}

std::vector<double> FlowSigmas(double shift, int train_timesteps, int count) {
  std::vector<double> sigmas = Linspace(1, 1.0 / train_timesteps, count + 1);
  for (double& s : sigmas) s = ShiftedSigma(1 - s, shift);
  std::reverse(sigmas.begin(), sigmas.end());
  sigmas.pop_back();
  return sigmas;
}

}  // namespace stampd::samplers
