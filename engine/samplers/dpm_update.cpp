#include "engine/samplers/dpm_update.h"

#include <cmath>

#include "engine/samplers/scale.h"

namespace stampd::samplers {
namespace {

/// The parts of a step that its order does not change. Both algorithms are the same series in the exponential integrators
/// phi_1 = (e^k - 1) / k …, one in k = -h and scaled by alpha, the other in k = h and scaled by sigma.
struct Step {
  Step(const DpmRule& rule, const NoiseLevel& from, const NoiseLevel& to)
      : h(to.lambda - from.lambda),
        k(rule.predicts_data ? -h : h),
        growth(std::exp(k) - 1),
        scale(rule.predicts_data ? to.alpha : to.sigma),
        keep(rule.predicts_data ? to.sigma / from.sigma : to.alpha / from.alpha) {}

  float first() const { return scale * growth; }
  float second() const { return scale * (growth / k - 1); }
  float third() const { return scale * ((growth - k) / (k * k) - 0.5F); }

  float h;
  float k;
  float growth;
  float scale;
  float keep;  // of the latent
};

/// How far `b` to `a` went, in units of `step`.
float Ratio(const Evaluation& a, const Evaluation& b, const Step& step) { return (a.level.lambda - b.level.lambda) / step.h; }

torch::Tensor Slope(const Evaluation& a, const Evaluation& b, float ratio) { return Scale(1 / ratio, a.output - b.output); }

}  // namespace

NoiseLevel LevelOf(float sigma, bool flow) {
  const float alpha = flow ? 1 - sigma : 1 / std::sqrt(sigma * sigma + 1);
  const float scaled = flow ? sigma : sigma * alpha;
  return {alpha, scaled, std::log(alpha) - std::log(scaled)};
}

torch::Tensor DpmUpdate(const DpmRule& rule, std::span<const Evaluation> evaluations, const NoiseLevel& to,
                        const torch::Tensor& latent) {
  const Evaluation& m0 = evaluations.back();
  const Step step(rule, m0.level, to);
  const torch::Tensor base = Scale(step.keep, latent) - Scale(step.first(), m0.output);
  if (evaluations.size() == 1) return base;

  const Evaluation& m1 = evaluations[evaluations.size() - 2];
  const float r0 = Ratio(m0, m1, step);
  const torch::Tensor slope = Slope(m0, m1, r0);
  if (evaluations.size() == 2) return base - Scale(rule.heun ? step.second() : 0.5F * step.first(), slope);

  const Evaluation& m2 = evaluations[evaluations.size() - 3];
  const float r1 = Ratio(m1, m2, step);
  const torch::Tensor bend = slope - Slope(m1, m2, r1);
  const torch::Tensor slope_here = slope + Scale(r0 / (r0 + r1), bend);
  const torch::Tensor curvature = Scale(1 / (r0 + r1), bend);
  return base - Scale(step.second(), slope_here) - Scale(step.third(), curvature);
}

}  // namespace stampd::samplers
