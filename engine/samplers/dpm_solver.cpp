#include "engine/samplers/dpm_solver.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/samplers/choice.h"
#include "engine/samplers/dpm_schedule.h"
#include "engine/samplers/dpm_update.h"
#include "engine/samplers/dynamic_threshold.h"
#include "engine/samplers/flow.h"
#include "engine/samplers/prediction.h"
#include "engine/samplers/scale.h"

namespace stampd::samplers {
namespace {

// Above as many steps as this, the last ones need no lower order to be stable.
constexpr int kFewSteps = 15;

struct Threshold {
  bool on = false;
  double ratio = 0.995;
  double max_value = 1;
};

struct Settings {
  explicit Settings(const io::Config& config);

  DpmRule rule;
  int order = 2;
  PredictionType prediction;
  Threshold threshold;
  bool lower_order_final = true;
  bool euler_at_final = false;
};

bool ReadPredictsData(const io::Config& config) {
  if (const std::string name = config.String("algorithm_type", "dpmsolver++"); name.starts_with("sde-")) {
    throw Unsupported(config, "algorithm_type", "dpmsolver++ or dpmsolver (the others draw noise at each step)", name);
  }
  // "deis" stands for DPM-Solver++ in the reference too.
  return Choice<bool>(config, "algorithm_type", "dpmsolver++", {{"dpmsolver++", true}, {"dpmsolver", false}, {"deis", true}});
}

PredictionType ReadPrediction(const io::Config& config, bool predicts_data) {
  const auto type = Choice<PredictionType>(config, "prediction_type", DefaultPrediction(config),
                                           {{"epsilon", PredictionType::kEpsilon},
                                            {"sample", PredictionType::kSample},
                                            {"v_prediction", PredictionType::kV},
                                            {"flow_prediction", PredictionType::kFlow}});
  if (predicts_data || type != PredictionType::kFlow) return type;
  throw Unsupported(config, "prediction_type", "epsilon, sample or v_prediction beside algorithm_type dpmsolver",
                    "flow_prediction");
}

int ReadOrder(const io::Config& config) {
  const std::int64_t order = config.Int("solver_order", 2);
  if (order < 1 || order > 3) throw Unsupported(config, "solver_order", "1, 2 or 3", std::to_string(order));
  return static_cast<int>(order);
}

Threshold ReadThreshold(const io::Config& config) {
  const Threshold threshold = {config.Bool("thresholding", false), config.Double("dynamic_thresholding_ratio", 0.995),
                               config.Double("sample_max_value", 1.0)};
  if (!(threshold.ratio >= 0 && threshold.ratio <= 1)) {
    throw Unsupported(config, "dynamic_thresholding_ratio", "0 to 1", std::to_string(threshold.ratio));
  }
  return threshold;
}

// The reference takes three names of other solvers' types for midpoint.
Settings::Settings(const io::Config& config)
    : rule{ReadPredictsData(config),
           Choice<bool>(config, "solver_type", "midpoint",
                        {{"midpoint", false}, {"heun", true}, {"logrho", false}, {"bh1", false}, {"bh2", false}})},
      order(ReadOrder(config)),
      prediction(ReadPrediction(config, rule.predicts_data)),
      threshold(ReadThreshold(config)),
      lower_order_final(config.Bool("lower_order_final", true)),
      euler_at_final(config.Bool("euler_at_final", false)) {
  Refuse(config, "use_dynamic_shifting", "a shift that depends on the image's size is not supported");
  if (const auto variance = config.OptionalString("variance_type")) {
    throw Unsupported(config, "variance_type", "null (a learned variance is not used)", *variance);
  }
}

class DpmSolver final : public Solver {
 public:
  DpmSolver(const Settings& settings, bool flow, bool ends_at_zero, Schedule schedule)
      : settings_(settings), flow_(flow), ends_at_zero_(ends_at_zero), schedule_(std::move(schedule)) {}

  int total_steps() const override { return static_cast<int>(schedule_.timesteps.size()); }
  int step() const override { return step_; }
  double timestep() const override { return schedule_.timesteps.at(step_); }
  double initial_noise_sigma() const override { return 1; }
  torch::Tensor ScaleInput(const torch::Tensor& latent) const override { return latent; }
  torch::Tensor Step(const torch::Tensor& prediction, const torch::Tensor& latent) override;
  const torch::Tensor& denoised() const override { return denoised_; }

 private:
  torch::Tensor Data(const NoiseLevel& at, const torch::Tensor& prediction, const torch::Tensor& latent) const;
  torch::Tensor Noise(const NoiseLevel& at, const torch::Tensor& prediction, const torch::Tensor& latent) const;
  void Evaluate(const NoiseLevel& at, const torch::Tensor& prediction, const torch::Tensor& latent);
  void Remember(Evaluation evaluation);
  torch::Tensor Advance(const torch::Tensor& latent) const;
  int Order() const;

  Settings settings_;
  bool flow_;
  bool ends_at_zero_;
  Schedule schedule_;
  int step_ = 0;
  std::vector<Evaluation> history_;  // at most as many as the order, the newest last
  torch::Tensor denoised_;
};

torch::Tensor DpmSolver::Data(const NoiseLevel& at, const torch::Tensor& prediction, const torch::Tensor& latent) const {
  switch (settings_.prediction) {
    case PredictionType::kEpsilon:
      return (latent - Scale(at.sigma, prediction)) / at.alpha;
    case PredictionType::kSample:
      return prediction;
    case PredictionType::kV:
      return Scale(at.alpha, latent) - Scale(at.sigma, prediction);
    case PredictionType::kFlow:
      return latent - Scale(schedule_.sigmas[step_], prediction);
  }
  return {};
}

torch::Tensor DpmSolver::Noise(const NoiseLevel& at, const torch::Tensor& prediction, const torch::Tensor& latent) const {
  switch (settings_.prediction) {
    case PredictionType::kSample:
      return (latent - Scale(at.alpha, prediction)) / at.sigma;
    case PredictionType::kV:
      return Scale(at.alpha, prediction) + Scale(at.sigma, latent);
    case PredictionType::kEpsilon:
    case PredictionType::kFlow:
      break;
  }
  return prediction;
}

void DpmSolver::Evaluate(const NoiseLevel& at, const torch::Tensor& prediction, const torch::Tensor& latent) {
  const auto threshold = [this](const torch::Tensor& x0) {
    return settings_.threshold.on ? DynamicThreshold(x0, settings_.threshold.ratio, settings_.threshold.max_value) : x0;
  };
  if (settings_.rule.predicts_data) {
    denoised_ = threshold(Data(at, prediction, latent));
    return Remember({at, denoised_});
  }
  torch::Tensor noise = Noise(at, prediction, latent);
  denoised_ = threshold((latent - Scale(at.sigma, noise)) / at.alpha);
  if (settings_.threshold.on) noise = (latent - Scale(at.alpha, denoised_)) / at.sigma;
  Remember({at, noise});
}

/// A level that comes twice, as happens with nearly as many steps as timesteps, is remembered once: a slope between the two would
/// be 0 / 0.
void DpmSolver::Remember(Evaluation evaluation) {
  if (!history_.empty() && history_.back().level.lambda == evaluation.level.lambda) history_.pop_back();
  if (static_cast<int>(history_.size()) == settings_.order) history_.erase(history_.begin());
  history_.push_back(std::move(evaluation));
}

int DpmSolver::Order() const {
  const int known = static_cast<int>(history_.size());
  const int left = total_steps() - step_;
  const bool lowers = settings_.lower_order_final && total_steps() < kFewSteps;
  if (left == 1 && (settings_.euler_at_final || lowers || ends_at_zero_)) return 1;
  return left == 2 && lowers ? std::min(known, 2) : known;
}

torch::Tensor DpmSolver::Advance(const torch::Tensor& latent) const {
  const float from = schedule_.sigmas[step_];
  const float to = schedule_.sigmas[step_ + 1];
  if (to == 0) return denoised_;  // the limit of the update, whose h is infinite
  if (to == from) return latent;
  const std::span<const Evaluation> history = history_;
  return DpmUpdate(settings_.rule, history.last(Order()), LevelOf(to, flow_), latent.to(torch::kFloat32));
}

torch::Tensor DpmSolver::Step(const torch::Tensor& prediction, const torch::Tensor& latent) {
  CheckStep(prediction, latent, step_, total_steps());
  Evaluate(LevelOf(schedule_.sigmas[step_], flow_), prediction, latent);
  const torch::Tensor next = Advance(latent).to(history_.back().output.scalar_type());
  ++step_;
  return next;
}

class DpmSampler final : public Sampler {
 public:
  explicit DpmSampler(const io::Config& config) : settings_(config), schedule_(config) {
    if (!settings_.rule.predicts_data && schedule_.ends_at_zero()) {
      throw Unsupported(config, "final_sigmas_type", "sigma_min beside algorithm_type dpmsolver, which can't reach zero", "zero");
    }
  }

  std::string_view name() const override { return settings_.rule.predicts_data ? "dpmsolver++" : "dpmsolver"; }
  int max_steps() const override { return schedule_.max_steps(); }
  std::unique_ptr<Solver> Start(int steps, at::Generator /*noise*/) const override {
    return std::make_unique<DpmSolver>(settings_, schedule_.flow(), schedule_.ends_at_zero(), schedule_.Steps(steps));
  }

 private:
  Settings settings_;
  DpmSchedule schedule_;
};

}  // namespace

std::unique_ptr<const Sampler> MakeDpmSolver(const io::Config& config) { return std::make_unique<DpmSampler>(config); }

}  // namespace stampd::samplers
