#include "engine/tools/measure/compare.h"

#include <algorithm>
#include <memory>
#include <span>

#include "engine/base/error.h"
#include "engine/diffusion_pipeline.h"
#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/models/registry.h"
#include "engine/quant/token_plan.h"
#include "engine/tools/measure/calibrate.h"
#include "engine/tools/measure/tensor_sqnr.h"

namespace stampd::tools {
namespace {

using quant::Sqnr;

constexpr std::size_t kExact = 0;  // index of full precision among the variants

torch::ScalarType DtypeOf(const LoadOptions& load) {
  if (load.precisions.empty() || load.precisions.front() == Precision::kFp32) return torch::kFloat32;
  if (load.precisions.front() == Precision::kBf16) return torch::kBFloat16;
  throw BadRequest("precision", "expected fp32 or bf16 to hold against, found " + std::string(Name(load.precisions.front())));
}

bool Smooths(const Candidate& candidate) {
  return candidate.recipe.linear.smooth_alpha != 0 ||
         std::ranges::any_of(candidate.recipe.overrides,
                             [](const quant::LayerOverride& layers) { return layers.values.smooth_alpha != 0; });
}

std::unique_ptr<DiffusionPipeline> LoadAll(const CompareOptions& options, const std::vector<Candidate>& candidates) {
  const LoadOptions& load = options.load;
  const io::Checkpoint checkpoint = io::Checkpoint::Open(load.folder, load.components);
  const torch::ScalarType dtype = DtypeOf(load);
  layers::ActivationMaxima maxima;
  if (std::ranges::any_of(candidates, Smooths)) {
    const auto count = std::min(options.prompts.size(), static_cast<std::size_t>(options.calibration_prompts));
    maxima = MeasureMaxima(checkpoint, dtype, options.request, std::span(options.prompts).first(count));
  }
  DiffusionPipeline::Parts parts = LoadParts(checkpoint, load.device, dtype);
  const io::Component& transformer = checkpoint.Get("transformer");
  parts.variants.push_back({Precision::kFp32, models::LoadDenoiser(transformer, dtype, parts.device)});
  for (const Candidate& candidate : candidates) {
    const layers::Quantization quantization{.recipe = &candidate.recipe, .maxima = &maxima};
    parts.variants.push_back({Precision::kW4A4, models::LoadDenoiser(transformer, dtype, parts.device, &quantization)});
  }
  return std::make_unique<DiffusionPipeline>(std::move(parts));
}

// All rows of a prediction, or several predictions, as one signal.
Sqnr Measure(std::span<const torch::Tensor> exact, std::span<const torch::Tensor> test) {
  Sqnr sum;
  for (std::size_t i = 0; i < exact.size(); ++i) sum += MeasureTensors(exact[i], test[i]);
  return sum;
}

Sqnr MeasureLatents(const Picture& exact, const Picture& test) {
  const auto floats = [](const Picture& picture) {
    return std::span(reinterpret_cast<const float*>(picture.bytes.data()), picture.bytes.size() / sizeof(float));
  };
  return quant::MeasureSqnr(floats(exact), floats(test));
}

Sqnr MeasurePixels(const Picture& exact, const Picture& test) {
  const auto floats = [](const Picture& picture) {
    std::vector<float> pixels;
    for (const std::uint8_t byte : picture.bytes) pixels.push_back(static_cast<float>(byte) / 255.f);
    return pixels;
  };
  return quant::MeasureSqnr(floats(exact), floats(test));
}

struct Finished {
  Picture latent;
  Picture pixels;
};

Finished Finish(const DiffusionPipeline& pipeline, const Sample& sample) {
  return {pipeline.Finish(sample, Picture::Kind::kLatentF32), pipeline.Finish(sample, Picture::Kind::kRgb8)};
}

// Full precision's whole run; at each step every candidate predicts on the same latents.
Finished RunTeacher(const DiffusionPipeline& pipeline, const Request& request, std::vector<Comparison>& comparisons) {
  const std::unique_ptr<Sample> sample = pipeline.BeginWith(request, kExact);
  std::vector<Sqnr> whole(comparisons.size());
  while (!sample->done()) {
    const std::vector<torch::Tensor> exact = pipeline.Predict(*sample, kExact);
    const auto step = static_cast<std::size_t>(sample->step());
    for (std::size_t c = 0; c < comparisons.size(); ++c) {
      const Sqnr sqnr = Measure(exact, pipeline.Predict(*sample, c + 1));
      comparisons[c].steps.resize(static_cast<std::size_t>(sample->total_steps()));
      comparisons[c].steps[step].Add(sqnr);
      whole[c] += sqnr;
    }
    Sample* const one = sample.get();
    pipeline.Step({&one, 1});
  }
  for (std::size_t c = 0; c < comparisons.size(); ++c) comparisons[c].teacher.Add(whole[c]);
  return Finish(pipeline, *sample);
}

void RunFree(const DiffusionPipeline& pipeline, const Request& request, std::size_t variant, const Finished& exact,
             Comparison& comparison) {
  const std::unique_ptr<Sample> sample = pipeline.BeginWith(request, variant);
  Sample* const one = sample.get();
  while (!sample->done()) pipeline.Step({&one, 1});
  const Finished test = Finish(pipeline, *sample);
  comparison.latent.Add(MeasureLatents(exact.latent, test.latent));
  const Sqnr pixels = MeasurePixels(exact.pixels, test.pixels);
  comparison.image.Add(pixels);
  comparison.mean_psnr_db += pixels.PsnrDb(/*peak=*/1);
}

double ActivationBits(const DiffusionPipeline& pipeline, std::size_t variant, const quant::Recipe& recipe) {
  return quant::AverageBits(quant::PlanTokens(pipeline.NativeLayout(variant), recipe.linear).bits);
}

}  // namespace

std::vector<Comparison> Compare(const CompareOptions& options, const std::vector<Candidate>& candidates) {
  const std::unique_ptr<DiffusionPipeline> pipeline = LoadAll(options, candidates);
  std::vector<Comparison> comparisons(candidates.size());
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    comparisons[c].name = candidates[c].name;
    comparisons[c].activation_bits = ActivationBits(*pipeline, c + 1, candidates[c].recipe);
  }
  for (std::size_t p = 0; p < options.prompts.size(); ++p) {
    Request request = options.request;
    request.prompt = options.prompts[p].text;
    request.seed = options.prompts[p].seed;
    const Finished exact = RunTeacher(*pipeline, request, comparisons);
    for (std::size_t c = 0; c < candidates.size(); ++c) RunFree(*pipeline, request, c + 1, exact, comparisons[c]);
    options.progress(p + 1, options.prompts.size());
  }
  for (Comparison& comparison : comparisons) comparison.mean_psnr_db /= static_cast<double>(options.prompts.size());
  return comparisons;
}

}  // namespace stampd::tools
