#pragma once

#include <vector>

namespace stampd::samplers {

/// Where the noise levels of a run lie between the highest and the lowest, when its timesteps do not say. Falling; one value
/// each; a run of one step gets the highest.

struct SigmaRange {
  double max = 0;
  double min = 0;
};

/// `count` equally spaced values from `first` to `last`, rounded as numpy.linspace rounds.
std::vector<double> Linspace(double first, double last, int count);

/// Even in sigma^(1/7): EDM, arXiv:2206.00364, equation 5.
std::vector<double> KarrasSigmas(SigmaRange range, int count);
/// Even in log sigma.
std::vector<double> ExponentialSigmas(SigmaRange range, int count);
/// Quantiles of Beta(0.6, 0.6), dense at both ends: arXiv:2407.12173.
std::vector<double> BetaSigmas(SigmaRange range, int count);
/// Even in the log signal-to-noise ratio, from its ends: DPM-Solver, arXiv:2206.00927.
std::vector<double> LuSigmas(double log_max, double log_min, int count);

/// Flow matching's noise level at a `time` of 0 to 1, pushed towards noise by `shift`: arXiv:2403.03206, equation 23. In the type
/// of `time`.
template <typename T>
T ShiftedSigma(T time, double shift) {
  return static_cast<T>(shift) * time / (1 + static_cast<T>(shift - 1) * time);
}
/// Even in time from nearly 1 down, shifted; without the last.
std::vector<double> FlowSigmas(double shift, int train_timesteps, int count);

}  // namespace stampd::samplers
