#include "engine/tools/measure/calibrate.h"

#include <algorithm>

#include "engine/tools/measure/capture.h"

namespace stampd::tools {

layers::ActivationMaxima MeasureMaxima(const io::Checkpoint& checkpoint, torch::ScalarType dtype, const Request& request,
                                       std::span<const Prompt> prompts) {
  layers::ActivationMaxima maxima;
  Capture capture(checkpoint, dtype, request);
  for (const Prompt& prompt : prompts) {
    capture.Paint(prompt, [&](int, const std::string& name, const layers::LinearCall& call) {
      const torch::Tensor seen = call.x.abs().amax(0).to(torch::kFloat32).contiguous();
      std::vector<float>& of = maxima[name];
      of.resize(static_cast<std::size_t>(seen.numel()));
      const float* const data = seen.data_ptr<float>();
      for (std::size_t channel = 0; channel < of.size(); ++channel) of[channel] = std::max(of[channel], data[channel]);
    });
  }
  return maxima;
}

}  // namespace stampd::tools
