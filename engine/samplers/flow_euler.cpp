#include "engine/samplers/flow_euler.h"

#include <utility>

#include "engine/samplers/choice.h"
#include "engine/samplers/flow.h"
#include "engine/samplers/flow_euler_schedule.h"
#include "engine/samplers/noise.h"
#include "engine/samplers/prediction.h"
#include "engine/samplers/scale.h"

namespace stampd::samplers {
namespace {

class FlowEulerSolver final : public Solver {
 public:
  /// `noise` is undefined where none is to be added.
  FlowEulerSolver(Schedule schedule, at::Generator noise) : schedule_(std::move(schedule)), noise_(std::move(noise)) {}

  int total_steps() const override { return static_cast<int>(schedule_.timesteps.size()); }
  int step() const override { return step_; }
  double timestep() const override { return schedule_.timesteps.at(step_); }
  double initial_noise_sigma() const override { return 1; }
  torch::Tensor ScaleInput(const torch::Tensor& latent) const override { return latent; }
  torch::Tensor Step(const torch::Tensor& prediction, const torch::Tensor& latent) override;
  const torch::Tensor& denoised() const override { return denoised_; }

 private:
  Schedule schedule_;
  at::Generator noise_;
  int step_ = 0;
  torch::Tensor denoised_;
};

torch::Tensor FlowEulerSolver::Step(const torch::Tensor& prediction, const torch::Tensor& latent) {
  CheckStep(prediction, latent, step_, total_steps());
  const float from = schedule_.sigmas[step_];
  const float to = schedule_.sigmas[step_ + 1];
  const torch::Tensor x = latent.to(torch::kFloat32);
  denoised_ = x - Scale(from, prediction);
  const torch::Tensor next =
      noise_.defined() ? Scale(1 - to, denoised_) + Scale(to, DrawNoise(x, noise_)) : x + Scale(to - from, prediction);
  ++step_;
  return next.to(prediction.scalar_type());
}

class FlowEulerSampler final : public Sampler {
 public:
  explicit FlowEulerSampler(const io::Config& config) : schedule_(config), adds_noise_(config.Bool("stochastic_sampling", false)) {
    if (!IsFlow(config)) throw Unsupported(config, "use_flow_sigmas", "true for FlowMatchEulerDiscreteScheduler", "false");
    Choice<bool>(config, "prediction_type", DefaultPrediction(config), {{"flow_prediction", true}});
    Refuse(config, "use_dynamic_shifting", "a shift that depends on the image's size is not supported");
    Refuse(config, "invert_sigmas", "noise that grows over the steps is not supported");
    if (const auto terminal = config.OptionalDouble("shift_terminal")) {
      throw Unsupported(config, "shift_terminal", "null", std::to_string(*terminal));
    }
  }

  std::string_view name() const override { return "flow_euler"; }
  int max_steps() const override { return schedule_.max_steps(); }
  std::unique_ptr<Solver> Start(int steps, at::Generator noise) const override {
    return std::make_unique<FlowEulerSolver>(schedule_.Steps(steps), adds_noise_ ? std::move(noise) : at::Generator());
  }

 private:
  FlowEulerSchedule schedule_;
  bool adds_noise_;
};

}  // namespace

std::unique_ptr<const Sampler> MakeFlowEuler(const io::Config& config) { return std::make_unique<FlowEulerSampler>(config); }

}  // namespace stampd::samplers
