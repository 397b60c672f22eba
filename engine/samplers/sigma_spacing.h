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
/// Flow matching: even in time from 1 down, pushed towards noise by `shift`, without the last.
std::vector<double> FlowSigmas(double shift, int train_timesteps, int count);

}  // namespace stampd::samplers
