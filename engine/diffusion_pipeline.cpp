#include "engine/diffusion_pipeline.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include <ATen/CPUGeneratorImpl.h>

#include "engine/base/error.h"
#include "engine/models/resolution_bins.h"
#include "engine/picture.h"

namespace stampd {
namespace {

constexpr int kMinSide = 32;
constexpr double kMaxGuidanceScale = 100;

// A prompt as the text encoder leaves it, and as a denoiser wants it.
struct Text {
  torch::Tensor embedding;
  std::shared_ptr<const models::TextContext> context;
};

struct Texts {
  Text positive;
  std::optional<Text> negative;  // with guidance
};

class DiffusionSample final : public Sample {
 public:
  int step() const override { return solver->step(); }
  int total_steps() const override { return solver->total_steps(); }
  int rows() const override { return texts.negative ? 2 : 1; }
  std::uint64_t seed() const override { return seed_; }

  DiffusionSample(const RequestPlan& plan, std::uint64_t seed, std::size_t variant, TokenLayout layout, const Texts& texts)
      : plan(plan), variant(variant), layout(std::move(layout)), texts(texts), seed_(seed) {}

  RequestPlan plan;
  std::size_t variant;  // index of the denoiser that makes it
  TokenLayout layout;   // that denoiser's
  Texts texts;
  std::unique_ptr<samplers::Solver> solver;
  torch::Tensor latent;  // [channels, height, width]

 private:
  std::uint64_t seed_;
};

const DiffusionSample& Ours(const Sample& sample) { return static_cast<const DiffusionSample&>(sample); }
DiffusionSample& Ours(Sample& sample) { return static_cast<DiffusionSample&>(sample); }

ModelInfo Describe(const DiffusionPipeline::Parts& parts) {
  ModelInfo info;
  info.family = parts.family->pipeline_class;
  info.digest = parts.digest;
  const models::Denoiser& denoiser = *parts.variants.front().denoiser;
  info.parameters = denoiser.footprint().parameters;
  info.resident_bytes = parts.prompts->encoder().footprint().resident_bytes + parts.autoencoder->footprint().resident_bytes;
  for (const DiffusionPipeline::Variant& variant : parts.variants) {
    info.precisions.push_back(variant.precision);
    info.resident_bytes += variant.denoiser->footprint().resident_bytes;
  }
  for (const auto& sampler : parts.samplers) info.schedulers.emplace_back(sampler->name());
  info.latent_channels = denoiser.latent_channels();
  info.latent_factor = parts.autoencoder->factor();
  const int native = denoiser.sample_size() * info.latent_factor;
  info.default_width = info.default_height = native;
  info.min_side = kMinSide;
  info.max_side = 4 * native;  // the longest bin has four times its height
  info.max_pixels = std::int64_t{4} * native * native;
  info.size_multiple = info.latent_factor * denoiser.patch_size();
  info.default_steps = parts.family->default_steps;
  info.max_steps = parts.samplers.front()->max_steps();
  info.default_guidance_scale = parts.family->default_guidance_scale;
  info.max_guidance_scale = kMaxGuidanceScale;
  info.max_prompt_tokens = parts.family->max_prompt_tokens;
  info.lacks_instruction = parts.family->reads_instruction && !parts.prompts->has_instruction();
  info.default_clean_caption = parts.family->default_clean_caption;
  info.default_use_resolution_binning = models::HasBins(native);
  return info;
}

// m = u + g (c - u), in the prediction's dtype, and without the variance half that some networks predict beside the noise.
torch::Tensor Guide(const DiffusionSample& sample, std::span<const torch::Tensor> predictions) {
  torch::Tensor prediction = predictions.back();
  if (sample.texts.negative) prediction = predictions.front() + sample.plan.guidance_scale * (prediction - predictions.front());
  return prediction.narrow(0, 0, sample.latent.size(0));
}

void AppendRows(const DiffusionSample& sample, const Texts& texts, const TokenLayout& layout,
                std::vector<models::DenoiserRow>& rows) {
  models::DenoiserRow row{.latent = sample.solver->ScaleInput(sample.latent),
                          .timestep = sample.solver->timestep(),
                          .text = texts.positive.context.get(),
                          .layout = &layout};
  if (texts.negative) {
    rows.push_back(row);
    rows.back().text = texts.negative->context.get();
  }
  rows.push_back(row);
}

Texts Prepared(Texts texts, const models::Denoiser& denoiser) {
  texts.positive.context = denoiser.PrepareText(texts.positive.embedding);
  if (texts.negative) texts.negative->context = denoiser.PrepareText(texts.negative->embedding);
  return texts;
}

TokenLayout LayoutOf(const models::Denoiser& denoiser, const ModelInfo& info, const RequestPlan& plan) {
  return denoiser.Layout(plan.painted.height / info.latent_factor, plan.painted.width / info.latent_factor);
}

}  // namespace

DiffusionPipeline::DiffusionPipeline(Parts parts)
    : parts_(std::move(parts)), info_(Describe(parts_)), preview_(*parts_.autoencoder) {
  for (const Variant& variant : parts_.variants) {
    if (parts_.autoencoder->latent_channels() == variant.denoiser->latent_channels()) continue;
    throw Broken("[pipeline] vae and transformer: expected the same latent channels, found " +
                 std::to_string(parts_.autoencoder->latent_channels()) + " and " +
                 std::to_string(variant.denoiser->latent_channels()));
  }
}

torch::Tensor DiffusionPipeline::Noise(Size painted, std::uint64_t seed) const {
  const auto dtype = parts_.family->noise_in_text_dtype ? parts_.prompts->encoder().dtype() : torch::kFloat32;
  // Drawn on the CPU on every device, like a Python caller's torch.Generator().manual_seed(seed).
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn({1, info_.latent_channels, painted.height / info_.latent_factor, painted.width / info_.latent_factor}, generator,
                   torch::TensorOptions().dtype(dtype))
      .squeeze(0)
      .to(parts_.device);
}

std::size_t DiffusionPipeline::VariantOf(const Request& request) const {
  if (!request.precision) return 0;
  return static_cast<std::size_t>(std::ranges::find(info_.precisions, *request.precision) - info_.precisions.begin());
}

std::vector<std::unique_ptr<Sample>> DiffusionPipeline::Begin(const Request& request) const {
  if (std::vector<FieldViolation> violations = Check(request); !violations.empty()) throw BadRequest(std::move(violations));
  return Begin(request, VariantOf(request));
}

std::unique_ptr<Sample> DiffusionPipeline::BeginWith(const Request& request, std::size_t variant) const {
  if (std::vector<FieldViolation> violations = Check(request); !violations.empty()) throw BadRequest(std::move(violations));
  return std::move(Begin(request, variant).front());
}

std::vector<std::unique_ptr<Sample>> DiffusionPipeline::Begin(const Request& request, std::size_t variant) const {
  const c10::InferenceMode no_gradients;
  const RequestPlan plan = PlanRequest(info_, request);
  const models::Denoiser& denoiser = *parts_.variants[variant].denoiser;
  Texts texts;
  texts.positive.embedding = parts_.prompts->Encode(request.prompt, PromptRole::kPositive, plan.clean_caption);
  if (plan.guided()) {
    texts.negative.emplace().embedding = parts_.prompts->Encode(request.negative_prompt, PromptRole::kNegative, plan.clean_caption);
  }
  texts = Prepared(std::move(texts), denoiser);

  std::vector<std::unique_ptr<Sample>> samples;
  for (int image = 0; image < request.num_images; ++image) {
    const std::uint64_t seed = request.seed + static_cast<std::uint64_t>(image);
    auto sample = std::make_unique<DiffusionSample>(plan, seed, variant, LayoutOf(denoiser, info_, plan), texts);
    sample->solver = parts_.samplers[static_cast<std::size_t>(plan.sampler)]->Start(plan.steps);
    sample->latent = Noise(plan.painted, seed) * sample->solver->initial_noise_sigma();
    samples.push_back(std::move(sample));
  }
  return samples;
}

void DiffusionPipeline::Step(std::span<Sample* const> samples) const {
  for (std::size_t variant = 0; variant < parts_.variants.size(); ++variant) StepVariant(samples, variant);
}

void DiffusionPipeline::StepVariant(std::span<Sample* const> samples, std::size_t variant) const {
  const c10::InferenceMode no_gradients;
  std::vector<DiffusionSample*> ours;
  std::vector<models::DenoiserRow> rows;
  for (Sample* each : samples) {
    DiffusionSample& sample = Ours(*each);
    if (sample.variant != variant) continue;
    ours.push_back(&sample);
    AppendRows(sample, sample.texts, sample.layout, rows);
  }
  const std::vector<torch::Tensor> predictions = parts_.variants[variant].denoiser->Forward(rows);

  std::span<const torch::Tensor> rest = predictions;
  for (DiffusionSample* sample : ours) {
    const auto count = static_cast<std::size_t>(sample->rows());
    sample->latent = sample->solver->Step(Guide(*sample, rest.first(count)), sample->latent);
    rest = rest.subspan(count);
  }
}

std::vector<torch::Tensor> DiffusionPipeline::Predict(const Sample& sample, std::size_t variant) const {
  const c10::InferenceMode no_gradients;
  const DiffusionSample& ours = Ours(sample);
  const models::Denoiser& denoiser = *parts_.variants[variant].denoiser;
  const Texts texts = variant == ours.variant ? ours.texts : Prepared(ours.texts, denoiser);
  const TokenLayout layout = LayoutOf(denoiser, info_, ours.plan);
  std::vector<models::DenoiserRow> rows;
  AppendRows(ours, texts, layout, rows);
  return denoiser.Forward(rows);
}

TokenLayout DiffusionPipeline::NativeLayout(std::size_t variant) const {
  return parts_.variants[variant].denoiser->Layout(info_.default_height / info_.latent_factor,
                                                   info_.default_width / info_.latent_factor);
}

Picture DiffusionPipeline::Finish(const Sample& sample, Picture::Kind kind) const {
  const c10::InferenceMode no_gradients;
  const DiffusionSample& ours = Ours(sample);
  if (!torch::isfinite(ours.latent).all().item<bool>()) {
    throw Broken("[pipeline] the finished latent holds NaN or infinity; " + std::string(Name(info_.precisions[ours.variant])) +
                 " may be too narrow for this checkpoint");
  }
  if (kind == Picture::Kind::kLatentF32) return ToLatentPicture(ours.latent);
  const torch::Tensor pixels = parts_.autoencoder->Decode(ours.latent.to(parts_.autoencoder->dtype()));
  if (!torch::isfinite(pixels).all().item<bool>()) {
    throw Broken("[pipeline] the decoded picture holds NaN or infinity; " + std::string(Name(info_.precisions[ours.variant])) +
                 " may be too narrow for this autoencoder");
  }
  return ToPicture(pixels, ours.plan.size);
}

Picture DiffusionPipeline::Preview(const Sample& sample, int max_side) const {
  const c10::InferenceMode no_gradients;
  const DiffusionSample& ours = Ours(sample);
  const torch::Tensor& denoised = ours.solver->denoised();
  const torch::Tensor pixels = preview_.ToRgb(denoised.defined() ? denoised : ours.latent);
  const int height = static_cast<int>(pixels.size(1)), width = static_cast<int>(pixels.size(2));
  if (max_side == 0) return ToPicture(pixels, {.width = width, .height = height});
  // The picture's own proportions, where binning painted it at others.
  const double scale = static_cast<double>(max_side) / std::max(ours.plan.size.width, ours.plan.size.height);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * scale))); };
  return ToPicture(pixels, {.width = scaled(ours.plan.size.width), .height = scaled(ours.plan.size.height)});
}

}  // namespace stampd
