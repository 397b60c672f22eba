#pragma once

#include <span>
#include <vector>

#include "engine/io/config.h"

namespace stampd::samplers {

/// The noise that a model was trained on, timestep by timestep, as sigma = noise over data: x = x0 + sigma * noise up to scale.
///
/// The tables are float32 as in the reference; what is looked up in them is double. Immutable, thread-safe.
class NoiseSchedule {
 public:
  explicit NoiseSchedule(const io::Config& config);

  int timesteps() const { return static_cast<int>(sigmas_.size()); }
  std::span<const float> sigmas() const { return sigmas_; }          // grows with the timestep (betas.h)
  std::span<const float> log_sigmas() const { return log_sigmas_; }  // natural

  /// Linear between timesteps; the end's sigma beyond the ends.
  double SigmaAt(double timestep) const;
  /// Linear in log sigma; the end's timestep beyond the ends.
  double TimestepOf(double sigma) const;
  /// How many timesteps, from 0 on, have ln(alpha / sigma) at `lambda_min` or above.
  int CountFromLambda(double lambda_min) const;

 private:
  std::vector<float> sigmas_;
  std::vector<float> log_sigmas_;
  std::vector<float> falling_lambdas_;
};

}  // namespace stampd::samplers
