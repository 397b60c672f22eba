#include "engine/samplers/prediction.h"

#include <sstream>
#include <string>

#include "engine/base/error.h"

namespace stampd::samplers {
namespace {

std::string Describe(const torch::Tensor& x) {
  std::ostringstream text;
  text << x.scalar_type() << ' ' << x.sizes();
  return text.str();
}

}  // namespace

void CheckStep(const torch::Tensor& prediction, const torch::Tensor& latent, int step, int total_steps) {
  if (step >= total_steps)
    throw Broken("[sampler] step: expected at most " + std::to_string(total_steps) + " steps, found another");
  if (prediction.sizes() == latent.sizes() && prediction.scalar_type() == latent.scalar_type()) return;
  throw Broken("[sampler] prediction: expected " + Describe(latent) + " like the latent, found " + Describe(prediction));
}

}  // namespace stampd::samplers
