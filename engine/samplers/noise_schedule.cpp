#include "engine/samplers/noise_schedule.h"

#include <algorithm>
#include <cmath>

#include <torch/types.h>

#include "engine/samplers/betas.h"

namespace stampd::samplers {
namespace {

std::vector<float> Values(const torch::Tensor& x) {
  const float* first = x.data_ptr<float>();
  return {first, first + x.numel()};
}

}  // namespace

NoiseSchedule::NoiseSchedule(const io::Config& config) {
  const torch::Tensor alphas = AlphasCumprod(config);
  const torch::Tensor sigmas = Sqrt((1 - alphas) / alphas);
  sigmas_ = Values(sigmas);
  log_sigmas_ = Values(Log(sigmas));
  falling_lambdas_ = Values(Log(Sqrt(alphas)) - Log(Sqrt(1 - alphas)));
}

double NoiseSchedule::SigmaAt(double timestep) const {
  if (timestep <= 0) return sigmas_.front();
  if (timestep >= timesteps() - 1) return sigmas_.back();
  const int low = static_cast<int>(timestep);
  const double at_low = sigmas_[low];
  return (sigmas_[low + 1] - at_low) * (timestep - low) + at_low;
}

double NoiseSchedule::TimestepOf(double sigma) const {
  if (timesteps() == 1) return 0;
  const double log_sigma = std::log(std::max(sigma, 1e-10));
  // A search from the noisy end, because the last sigma of a zero-SNR schedule may lie below its neighbour.
  const auto at_or_below = std::find_if(log_sigmas_.rbegin(), log_sigmas_.rend(), [=](float log) { return log <= log_sigma; });
  const int low = std::clamp(static_cast<int>(log_sigmas_.rend() - at_or_below) - 1, 0, timesteps() - 2);
  const float range = log_sigmas_[low] - log_sigmas_[low + 1];
  const double part = std::clamp((log_sigmas_[low] - log_sigma) / range, 0.0, 1.0);
  return (1 - part) * low + part * (low + 1);
}

int NoiseSchedule::CountFromLambda(double lambda_min) const {
  const auto first = std::lower_bound(falling_lambdas_.rbegin(), falling_lambdas_.rend(), lambda_min);
  return static_cast<int>(falling_lambdas_.rend() - first);
}

}  // namespace stampd::samplers
