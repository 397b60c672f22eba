#include "engine/tools/measure/capture.h"

#include "engine/diffusion_pipeline.h"
#include "engine/models/registry.h"

namespace stampd::tools {

struct Capture::State final : layers::LinearObserver {
  void Loaded(const std::string&, const layers::TokenLinear&) override {}
  void Computed(const std::string& name, const layers::LinearCall& call) override { see(step, name, call); }

  Request request;
  std::unique_ptr<DiffusionPipeline> pipeline;
  int step = 0;
  See see;
};

Capture::Capture(const io::Checkpoint& checkpoint, torch::ScalarType dtype, Request request) : state_(std::make_unique<State>()) {
  state_->request = std::move(request);
  const layers::Quantization quantization{.observer = state_.get()};
  DiffusionPipeline::Parts parts = LoadParts(checkpoint, {}, dtype);
  parts.variants.push_back(
      {Precision::kFp32, models::LoadDenoiser(checkpoint.Get("transformer"), dtype, parts.device, &quantization)});
  state_->pipeline = std::make_unique<DiffusionPipeline>(std::move(parts));
}

Capture::~Capture() = default;

void Capture::Paint(const Prompt& prompt, const See& see) {
  state_->request.prompt = prompt.text;
  state_->request.seed = prompt.seed;
  state_->see = see;
  const std::unique_ptr<Sample> sample = state_->pipeline->BeginWith(state_->request, 0);
  Sample* const one = sample.get();
  while (!sample->done()) {
    state_->step = sample->step();
    state_->pipeline->Step({&one, 1});
  }
}

}  // namespace stampd::tools
