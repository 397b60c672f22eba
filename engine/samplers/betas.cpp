#include "engine/samplers/betas.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <torch/types.h>

#include "engine/samplers/choice.h"

namespace stampd::samplers {
namespace {

enum class BetaSchedule { kLinear, kScaledLinear, kSquaredCosine };

constexpr std::int64_t kMostTimesteps = 1'000'000;
// At the last timestep, where rescaling leaves nothing and sigma would be infinite. It may be more than at the one before.
constexpr double kZeroSnrAlpha = 0x1p-24;

torch::Tensor Trained(const io::Config& config, const std::vector<double>& betas, std::int64_t n) {
  if (static_cast<std::int64_t>(betas.size()) != n) {
    throw Unsupported(config, "trained_betas", std::to_string(n) + " values (num_train_timesteps)", std::to_string(betas.size()));
  }
  return torch::tensor(betas, torch::kFloat32);
}

/// Improved DDPM's cosine (arXiv:2102.09672), with betas kept below 1.
torch::Tensor SquaredCosine(std::int64_t n) {
  const auto alpha_bar = [](double t) {
    const double c = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
    return c * c;
  };
  std::vector<double> betas(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const double from = static_cast<double>(i) / static_cast<double>(n);
    const double to = static_cast<double>(i + 1) / static_cast<double>(n);
    betas[i] = std::min(1 - alpha_bar(to) / alpha_bar(from), 0.999);
  }
  return torch::tensor(betas, torch::kFloat32);
}

torch::Tensor Betas(const io::Config& config) {
  const std::int64_t n = TrainTimesteps(config);
  const auto schedule = Choice<BetaSchedule>(config, "beta_schedule", "linear",
                                             {{"linear", BetaSchedule::kLinear},
                                              {"scaled_linear", BetaSchedule::kScaledLinear},
                                              {"squaredcos_cap_v2", BetaSchedule::kSquaredCosine}});
  const std::vector<double> trained = config.Doubles("trained_betas", std::vector<double>{});
  if (!trained.empty()) return Trained(config, trained, n);
  if (schedule == BetaSchedule::kSquaredCosine) return SquaredCosine(n);
  const double start = config.Double("beta_start", 1e-4);
  const double end = config.Double("beta_end", 0.02);
  if (schedule == BetaSchedule::kLinear) return torch::linspace(start, end, n, torch::kFloat32);
  return torch::linspace(std::sqrt(start), std::sqrt(end), n, torch::kFloat32).square();
}

torch::Tensor CumulativeAlphas(const torch::Tensor& betas) { return torch::cumprod(1 - betas, 0); }

/// Betas whose last timestep is pure noise and whose first is what it was. They go back to betas and forth again, as the
/// reference does, because that rounds.
torch::Tensor RescaleToZeroSnr(const torch::Tensor& betas) {
  const torch::Tensor deviation = Sqrt(CumulativeAlphas(betas));
  const torch::Tensor first = deviation[0];
  const torch::Tensor last = deviation[-1];
  const torch::Tensor alphas_bar = ((deviation - last) * (first / (first - last))).square();
  return 1 - torch::cat({alphas_bar.slice(0, 0, 1), alphas_bar.slice(0, 1) / alphas_bar.slice(0, 0, -1)});
}

void CheckFalling(const io::Config& config, const torch::Tensor& alphas) {
  const bool falls = (alphas.diff() <= 0).all().item<bool>();
  if (falls && alphas[0].item<double>() < 1 && alphas[-1].item<double>() > 0) return;
  throw Unsupported(
      config, config.Has("trained_betas") ? "trained_betas" : "beta_end",
      "betas between 0 and 1, so that noise grows with the timestep",
      "a remaining variance from " + std::to_string(alphas[0].item<double>()) + " to " + std::to_string(alphas[-1].item<double>()));
}

}  // namespace

int TrainTimesteps(const io::Config& config) {
  const std::int64_t n = config.Int("num_train_timesteps", 1000);
  if (n < 1 || n > kMostTimesteps) {
    throw Unsupported(config, "num_train_timesteps", "1 to " + std::to_string(kMostTimesteps), std::to_string(n));
  }
  return static_cast<int>(n);
}

torch::Tensor Sqrt(const torch::Tensor& x) { return x.to(torch::kFloat64).sqrt().to(torch::kFloat32); }
torch::Tensor Log(const torch::Tensor& x) { return x.to(torch::kFloat64).log().to(torch::kFloat32); }

torch::Tensor AlphasCumprod(const io::Config& config) {
  const bool zero_snr = config.Bool("rescale_betas_zero_snr", false);
  const torch::Tensor betas = Betas(config);
  CheckFalling(config, CumulativeAlphas(betas));
  if (!zero_snr) return CumulativeAlphas(betas);
  torch::Tensor alphas = CumulativeAlphas(RescaleToZeroSnr(betas));
  alphas[-1] = kZeroSnrAlpha;
  return alphas;
}

}  // namespace stampd::samplers
