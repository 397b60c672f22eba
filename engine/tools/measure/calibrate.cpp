#include "engine/tools/measure/calibrate.h"

#include <algorithm>

#include "engine/tools/measure/capture.h"

namespace stampd::tools {

bool Smooths(const quant::Recipe& recipe) {
  return recipe.linear.smooth_alpha != 0 ||
         std::ranges::any_of(recipe.overrides, [](const quant::LayerOverride& layers) { return layers.values.smooth_alpha != 0; });
}

layers::ActivationMaxima MeasureMaxima(const io::Checkpoint& checkpoint, torch::ScalarType dtype, const Request& request,
                                       std::span<const Prompt> prompts, const Progress& progress) {
  layers::ActivationMaxima maxima;
  Capture capture(checkpoint, dtype, request);
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    progress("calibrating: prompt " + Ordinal(p, prompts.size()), static_cast<double>(p) / static_cast<double>(prompts.size()));
    capture.Paint(prompts[p], [&](int, const std::string& name, const layers::LinearCall& call) {
      const torch::Tensor seen = call.x.abs().amax(0).to(torch::kFloat32).contiguous();
      std::vector<float>& of = maxima[name];
      of.resize(static_cast<std::size_t>(seen.numel()));
      const float* const data = seen.data_ptr<float>();
      for (std::size_t channel = 0; channel < of.size(); ++channel) of[channel] = std::max(of[channel], data[channel]);
    });
  }
  return maxima;
}

layers::ActivationMaxima MaximaFor(std::span<const quant::Recipe> recipes, const io::Checkpoint& checkpoint,
                                   torch::ScalarType dtype, const CompareOptions& options) {
  if (std::ranges::none_of(recipes, Smooths)) return {};
  const std::span prompts = std::span(options.prompts).first(std::min(options.prompts.size(), kCalibrationPrompts));
  return MeasureMaxima(checkpoint, dtype, options.request, prompts, options.progress);
}

}  // namespace stampd::tools
