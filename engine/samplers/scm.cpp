#include "engine/samplers/scm.h"

#include <cmath>
#include <utility>
#include <vector>

#include "engine/samplers/betas.h"
#include "engine/samplers/choice.h"
#include "engine/samplers/noise.h"
#include "engine/samplers/prediction.h"
#include "engine/samplers/schedule.h"
#include "engine/samplers/trig_flow.h"

namespace stampd::samplers {
namespace {

class ScmSolver final : public Solver {
 public:
  ScmSolver(std::vector<TrigFlowPoint> points, float sigma_data, at::Generator noise)
      : points_(std::move(points)), sigma_data_(sigma_data), noise_(std::move(noise)) {}

  int total_steps() const override { return static_cast<int>(points_.size()) - 1; }
  int step() const override { return step_; }
  double timestep() const override { return points_.at(step_).flow_sigma; }
  double initial_noise_sigma() const override { return sigma_data_; }
  torch::Tensor ScaleInput(const torch::Tensor& latent) const override {
    return FlowLatent(points_.at(step_), latent.to(torch::kFloat32), sigma_data_).to(latent.scalar_type());
  }
  torch::Tensor Step(const torch::Tensor& prediction, const torch::Tensor& latent) override;
  const torch::Tensor& denoised() const override { return denoised_; }

 private:
  torch::Tensor Data(const torch::Tensor& prediction, const torch::Tensor& latent) const;

  std::vector<TrigFlowPoint> points_;
  float sigma_data_;
  at::Generator noise_;
  int step_ = 0;
  torch::Tensor denoised_;
};

torch::Tensor ScmSolver::Data(const torch::Tensor& prediction, const torch::Tensor& latent) const {
  const TrigFlowPoint& at = points_[step_];
  const torch::Tensor velocity = TrigFlowVelocity(at, FlowLatent(at, latent, sigma_data_), prediction) * sigma_data_;
  return at.cos * latent - at.sin * velocity;
}

torch::Tensor ScmSolver::Step(const torch::Tensor& prediction, const torch::Tensor& latent) {
  CheckStep(prediction, latent, step_, total_steps());
  const torch::Tensor data = Data(prediction.to(torch::kFloat32), latent.to(torch::kFloat32));
  denoised_ = data / sigma_data_;
  if (++step_ == total_steps()) return denoised_.to(latent.scalar_type());
  const TrigFlowPoint& to = points_[step_];
  const torch::Tensor noise = DrawNoise(data, noise_) * sigma_data_;
  return (to.cos * data + to.sin * noise).to(latent.scalar_type());
}

class ScmSampler final : public Sampler {
 public:
  explicit ScmSampler(const io::Config& config)
      : max_steps_(TrainTimesteps(config)), sigma_data_(config.Double("sigma_data", 0.5)) {
    Choice<bool>(config, "prediction_type", "trigflow", {{"trigflow", true}});
    if (!(sigma_data_ > 0 && std::isfinite(sigma_data_))) {
      throw Unsupported(config, "sigma_data", "above 0", std::to_string(sigma_data_));
    }
  }

  std::string_view name() const override { return "scm"; }
  int max_steps() const override { return max_steps_; }
  std::unique_ptr<Solver> Start(int steps, at::Generator noise) const override {
    CheckSteps(steps, max_steps_);
    std::vector<TrigFlowPoint> points;
    for (const float angle : TrigFlowAngles(steps)) points.emplace_back(angle);
    return std::make_unique<ScmSolver>(std::move(points), static_cast<float>(sigma_data_), std::move(noise));
  }

 private:
  int max_steps_;
  double sigma_data_;
};

}  // namespace

std::unique_ptr<const Sampler> MakeScm(const io::Config& config) { return std::make_unique<ScmSampler>(config); }

}  // namespace stampd::samplers
