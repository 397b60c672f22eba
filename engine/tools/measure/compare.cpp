#include "engine/tools/measure/compare.h"

#include <algorithm>
#include <memory>
#include <set>
#include <span>

#include "engine/base/error.h"
#include "engine/diffusion_pipeline.h"
#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/layers/token_linear.h"
#include "engine/models/registry.h"
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

void CheckNames(const std::vector<quant::Recipe>& recipes) {
  std::set<std::string> names;
  for (const quant::Recipe& recipe : recipes) {
    if (!names.insert(recipe.name).second) throw BadRequest("recipe", "expected names of their own, found two of " + recipe.name);
  }
}

// The shapes of a network's linears, as they are loaded.
class ShapeList final : public layers::LinearObserver {
 public:
  void Loaded(const std::string& name, const layers::TokenLinear& linear) override {
    shapes_.push_back({name, linear.in(), linear.out()});
  }
  void Computed(const std::string&, const layers::LinearCall&) override {}

  std::span<const LinearShape> shapes() const { return shapes_; }

 private:
  std::vector<LinearShape> shapes_;
};

std::unique_ptr<DiffusionPipeline> LoadAll(const CompareOptions& options, const std::vector<quant::Recipe>& recipes,
                                           ShapeList& linears) {
  const LoadOptions& load = options.load;
  const io::Checkpoint checkpoint = io::Checkpoint::Open(load.folder, load.components);
  const torch::ScalarType dtype = DtypeOf(load);
  const layers::ActivationMaxima maxima = MaximaFor(recipes, checkpoint, dtype, options);
  DiffusionPipeline::Parts parts = LoadParts(checkpoint, load, dtype);
  const io::Component& transformer = checkpoint.Get("transformer");
  const layers::Quantization exact{.observer = &linears};
  parts.variants.push_back({Precision::kFp32, models::LoadDenoiser(transformer, dtype, parts.device, &exact)});
  for (std::size_t r = 0; r < recipes.size(); ++r) {
    options.progress("loading: recipe " + Ordinal(r, recipes.size()), static_cast<double>(r) / static_cast<double>(recipes.size()));
    const layers::Quantization quantization{.recipe = &recipes[r], .maxima = &maxima};
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

// Tells how far it is before each of the recipes' forwards, which take nearly all of the time.
class Meter {
 public:
  Meter(const CompareOptions& options, std::size_t recipes) : options_(options), recipes_(recipes) {}

  void Forward(std::size_t prompt, std::size_t recipe, const Sample& sample, const char* run) {
    const std::size_t prompts = options_.prompts.size();
    const auto steps = static_cast<std::size_t>(sample.total_steps());
    const auto all = static_cast<double>(2 * prompts * recipes_ * steps);  // each run is teacher-forced once, and free once
    const std::string where = "prompt " + Ordinal(prompt, prompts) + ", recipe " + Ordinal(recipe, recipes_) + ", " + run +
                              " step " + Ordinal(static_cast<std::size_t>(sample.step()), steps);
    options_.progress(where, static_cast<double>(forwards_++) / all);
  }

 private:
  const CompareOptions& options_;
  std::size_t recipes_;
  std::size_t forwards_ = 0;
};

// One prompt through all networks.
class PromptRun {
 public:
  PromptRun(const DiffusionPipeline& pipeline, const CompareOptions& options, std::size_t prompt, Meter& meter)
      : pipeline_(pipeline), request_(options.request), prompt_(prompt), meter_(meter) {
    request_.prompt = options.prompts[prompt].text;
    request_.seed = options.prompts[prompt].seed;
  }

  // Full precision's whole run; at each step every recipe predicts on the same latents.
  void Teach(std::vector<Comparison>& comparisons) {
    const std::unique_ptr<Sample> sample = pipeline_.BeginWith(request_, kExact);
    std::vector<Sqnr> whole(comparisons.size());
    while (!sample->done()) {
      const std::vector<torch::Tensor> exact = pipeline_.Predict(*sample, kExact);
      const auto step = static_cast<std::size_t>(sample->step());
      for (std::size_t r = 0; r < comparisons.size(); ++r) {
        meter_.Forward(prompt_, r, *sample, "teacher-forced");
        const Sqnr sqnr = Measure(exact, pipeline_.Predict(*sample, r + 1));
        comparisons[r].steps.resize(static_cast<std::size_t>(sample->total_steps()));
        comparisons[r].steps[step].Add(sqnr);
        whole[r] += sqnr;
      }
      Sample* const one = sample.get();
      pipeline_.Step({&one, 1});
    }
    for (std::size_t r = 0; r < comparisons.size(); ++r) comparisons[r].teacher.Add(whole[r]);
    exact_ = Finish(pipeline_, *sample);
  }

  // A recipe's own run, after Teach.
  void RunFree(std::size_t recipe, Comparison& comparison) {
    const std::unique_ptr<Sample> sample = pipeline_.BeginWith(request_, recipe + 1);
    Sample* const one = sample.get();
    while (!sample->done()) {
      meter_.Forward(prompt_, recipe, *sample, "free");
      pipeline_.Step({&one, 1});
    }
    const Finished test = FinishOf(comparison.recipe, *sample);
    comparison.latent.Add(MeasureLatents(exact_.latent, test.latent));
    const Sqnr pixels = MeasurePixels(exact_.pixels, test.pixels);
    comparison.image.Add(pixels);
    comparison.mean_psnr_db += pixels.PsnrDb(/*peak=*/1);
  }

 private:
  // The pipeline can't tell one quantized network from another; its errors get the recipe's name here.
  Finished FinishOf(const quant::Recipe& recipe, const Sample& sample) const try {
    return Finish(pipeline_, sample);
  } catch (const Broken& error) {
    throw Broken("[sqnr] " + recipe.name + ": " + error.what());
  }

  const DiffusionPipeline& pipeline_;
  Request request_;
  std::size_t prompt_;
  Meter& meter_;
  Finished exact_;
};

}  // namespace

std::vector<Comparison> Compare(const CompareOptions& options, const std::vector<quant::Recipe>& recipes) {
  CheckNames(recipes);
  ShapeList linears;
  const std::unique_ptr<DiffusionPipeline> pipeline = LoadAll(options, recipes, linears);
  std::vector<Comparison> comparisons(recipes.size());
  for (std::size_t r = 0; r < recipes.size(); ++r) {
    comparisons[r].recipe = recipes[r];
    comparisons[r].bits = CountBits(recipes[r], linears.shapes(), pipeline->NativeLayout(r + 1));
  }
  Meter meter(options, recipes.size());
  for (std::size_t p = 0; p < options.prompts.size(); ++p) {
    PromptRun run(*pipeline, options, p, meter);
    run.Teach(comparisons);
    for (std::size_t r = 0; r < recipes.size(); ++r) run.RunFree(r, comparisons[r]);
  }
  for (Comparison& comparison : comparisons) comparison.mean_psnr_db /= static_cast<double>(options.prompts.size());
  return comparisons;
}

}  // namespace stampd::tools
