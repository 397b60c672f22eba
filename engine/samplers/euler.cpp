#include "engine/samplers/euler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/samplers/choice.h"
#include "engine/samplers/euler_schedule.h"
#include "engine/samplers/prediction.h"
#include "engine/samplers/scale.h"

namespace stampd::samplers {
namespace {

PredictionType ReadPrediction(const io::Config& config) {
  return Choice<PredictionType>(
      config, "prediction_type", "epsilon",
      {{"epsilon", PredictionType::kEpsilon}, {"sample", PredictionType::kSample}, {"v_prediction", PredictionType::kV}});
}

class EulerSolver final : public Solver {
 public:
  EulerSolver(PredictionType prediction, Schedule schedule, float initial_noise_sigma)
      : prediction_(prediction), schedule_(std::move(schedule)), initial_noise_sigma_(initial_noise_sigma) {}

  int total_steps() const override { return static_cast<int>(schedule_.timesteps.size()); }
  int step() const override { return step_; }
  double timestep() const override { return schedule_.timesteps.at(step_); }
  double initial_noise_sigma() const override { return initial_noise_sigma_; }
  torch::Tensor ScaleInput(const torch::Tensor& latent) const override { return latent / std::sqrt(Variance()); }
  torch::Tensor Step(const torch::Tensor& prediction, const torch::Tensor& latent) override;
  const torch::Tensor& denoised() const override { return denoised_; }

 private:
  float Sigma() const { return schedule_.sigmas.at(step_); }
  float Variance() const { return Sigma() * Sigma() + 1; }  // of latents, where the data's is 1
  torch::Tensor Data(const torch::Tensor& prediction, const torch::Tensor& latent) const;

  PredictionType prediction_;
  Schedule schedule_;
  float initial_noise_sigma_;
  int step_ = 0;
  torch::Tensor denoised_;
};

torch::Tensor EulerSolver::Data(const torch::Tensor& prediction, const torch::Tensor& latent) const {
  switch (prediction_) {
    case PredictionType::kEpsilon:
      return latent - Scale(Sigma(), prediction);
    case PredictionType::kV:
      return prediction * (-Sigma() / std::sqrt(Variance())) + latent / Variance();
    case PredictionType::kSample:
    case PredictionType::kFlow:
      break;
  }
  return prediction;
}

torch::Tensor EulerSolver::Step(const torch::Tensor& prediction, const torch::Tensor& latent) {
  CheckStep(prediction, latent, step_, total_steps());
  const torch::Tensor x = latent.to(torch::kFloat32);
  denoised_ = Data(prediction, x);
  const torch::Tensor slope = (x - denoised_) / Sigma();
  const torch::Tensor next = x + slope * (schedule_.sigmas[step_ + 1] - Sigma());
  ++step_;
  return next.to(prediction.scalar_type());
}

class EulerSampler final : public Sampler {
 public:
  explicit EulerSampler(const io::Config& config)
      : prediction_(ReadPrediction(config)), schedule_(config, prediction_ == PredictionType::kV) {}

  std::string_view name() const override { return "euler"; }
  int max_steps() const override { return schedule_.max_steps(); }
  std::unique_ptr<Solver> Start(int steps, at::Generator /*noise*/) const override {
    Schedule schedule = schedule_.Steps(steps);
    const float highest = *std::max_element(schedule.sigmas.begin(), schedule.sigmas.end());
    return std::make_unique<EulerSolver>(prediction_, std::move(schedule), schedule_.InitialNoiseSigma(highest));
  }

 private:
  PredictionType prediction_;
  EulerSchedule schedule_;
};

}  // namespace

std::unique_ptr<const Sampler> MakeEuler(const io::Config& config) { return std::make_unique<EulerSampler>(config); }

}  // namespace stampd::samplers
