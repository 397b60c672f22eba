#include "engine/tools/measure/calibrate.h"

#include <algorithm>

#include "engine/diffusion_pipeline.h"
#include "engine/models/registry.h"

namespace stampd::tools {
namespace {

class MaximaObserver final : public layers::LinearObserver {
 public:
  void Loaded(const std::string&, const layers::TokenLinear&) override {}

  void Computed(const std::string& name, const torch::Tensor& x, ops::Segments, const torch::Tensor&) override {
    const torch::Tensor seen = x.abs().amax(0).to(torch::kFloat32).contiguous();
    std::vector<float>& maxima = maxima_[name];
    maxima.resize(static_cast<std::size_t>(seen.numel()));
    const float* const data = seen.data_ptr<float>();
    for (std::size_t channel = 0; channel < maxima.size(); ++channel) maxima[channel] = std::max(maxima[channel], data[channel]);
  }

  layers::ActivationMaxima Take() { return std::move(maxima_); }

 private:
  layers::ActivationMaxima maxima_;
};

}  // namespace

layers::ActivationMaxima MeasureMaxima(const io::Checkpoint& checkpoint, torch::ScalarType dtype, Request request,
                                       std::span<const Prompt> prompts) {
  MaximaObserver observer;
  const layers::Quantization quantization{.observer = &observer};
  DiffusionPipeline::Parts parts = LoadParts(checkpoint, "cpu", dtype);
  parts.variants.push_back(
      {Precision::kFp32, models::LoadDenoiser(checkpoint.Get("transformer"), dtype, parts.device, &quantization)});
  const DiffusionPipeline pipeline(std::move(parts));
  for (const Prompt& prompt : prompts) {
    request.prompt = prompt.text;
    request.seed = prompt.seed;
    const std::unique_ptr<Sample> sample = pipeline.BeginWith(request, 0);
    Sample* const one = sample.get();
    while (!sample->done()) pipeline.Step({&one, 1});
  }
  return observer.Take();
}

}  // namespace stampd::tools
