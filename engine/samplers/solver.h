#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/io/config.h"

namespace stampd::samplers {

/// The denoising state of one sample: which timestep is next, and what the solver remembers of the steps before.
///
/// Steps run in order; a prediction for `timestep()` on `ScaleInput(x)` goes into `Step`. The solver keeps references to what it is
/// given and gives out: none of these tensors may be written to. Not thread-safe; one per sample.
class Solver {
 public:
  virtual ~Solver() = default;
  virtual int total_steps() const = 0;
  virtual int step() const = 0;                    // steps done
  virtual double timestep() const = 0;             // for the model, in its own units; step() < total_steps()
  virtual double initial_noise_sigma() const = 0;  // the first latent is standard normal noise times this

  /// The latent as the model wants to see it at this step.
  virtual torch::Tensor ScaleInput(const torch::Tensor& latent) const = 0;
  /// Takes the model's `prediction` (what it predicts is the config's prediction_type) and the unscaled latent, both of one
  /// shape and dtype, to the next latent, of that shape and dtype, and advances. Broken for tensors that differ, and after the
  /// last step.
  virtual torch::Tensor Step(const torch::Tensor& prediction, const torch::Tensor& latent) = 0;
  /// The clean latent that the last step was heading for; undefined tensor before the first step. For previews.
  virtual const torch::Tensor& denoised() const = 0;
};

/// A noise schedule and the rule of its solver, as a checkpoint's scheduler_config.json describes them. Immutable, thread-safe.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// "dpmsolver++", "dpmsolver", "euler", "flow_euler", "scm": what requests and --scheduler say.
  virtual std::string_view name() const = 0;
  /// BadRequest unless `steps` is 1 to max_steps(). A schedule that leaves the noisiest timesteps out may give fewer steps.
  ///
  /// `noise` is what drew the first latent: a solver that adds noise on its way draws on from there, step by step, as the reference
  /// does with a generator per picture. The others ignore it.
  virtual std::unique_ptr<Solver> Start(int steps, at::Generator noise) const = 0;
  virtual int max_steps() const = 0;  // num_train_timesteps, or one less where the spacing needs it
};

/// The sampler that the config names (`_class_name`), then the others that can run on the same schedule, each reading the same
/// file, as diffusers does where schedulers are swapped; the first is the checkpoint's own. Broken, naming file, key and value,
/// for a class or a setting that is not supported.
std::vector<std::unique_ptr<const Sampler>> MakeSamplers(const io::Config& scheduler_config);

}  // namespace stampd::samplers
