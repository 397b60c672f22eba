#include "engine/diffusion_pipeline.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <ATen/CPUGeneratorImpl.h>

#include "engine/base/error.h"
#include "engine/models/resolution_bins.h"
#include "engine/picture.h"

namespace stampd {
namespace {

constexpr int kMinSide = 32;
constexpr double kMaxGuidanceScale = 100;

class DiffusionSample final : public Sample {
 public:
  int step() const override { return solver->step(); }
  int total_steps() const override { return solver->total_steps(); }
  int rows() const override { return negative ? 2 : 1; }
  std::uint64_t seed() const override { return seed_; }

  DiffusionSample(const RequestPlan& plan, std::uint64_t seed, TokenLayout layout)
      : plan(plan), layout(std::move(layout)), seed_(seed) {}

  RequestPlan plan;
  TokenLayout layout;
  std::shared_ptr<const models::TextContext> positive;
  std::shared_ptr<const models::TextContext> negative;  // null without guidance
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
  info.precision = parts.precision;
  info.parameters = parts.denoiser->footprint().parameters;
  for (const models::Footprint& footprint :
       {parts.denoiser->footprint(), parts.prompts->encoder().footprint(), parts.autoencoder->footprint()}) {
    info.resident_bytes += footprint.resident_bytes;
  }
  for (const auto& sampler : parts.samplers) info.schedulers.emplace_back(sampler->name());
  info.latent_channels = parts.denoiser->latent_channels();
  info.latent_factor = parts.autoencoder->factor();
  const int native = parts.denoiser->sample_size() * info.latent_factor;
  info.default_width = info.default_height = native;
  info.min_side = kMinSide;
  info.max_side = 4 * native;  // the longest bin has four times its height
  info.max_pixels = std::int64_t{4} * native * native;
  info.size_multiple = info.latent_factor * parts.denoiser->patch_size();
  info.default_steps = parts.family->default_steps;
  info.max_steps = parts.samplers.front()->max_steps();
  info.default_guidance_scale = parts.family->default_guidance_scale;
  info.max_guidance_scale = kMaxGuidanceScale;
  info.max_prompt_tokens = parts.family->max_prompt_tokens;
  info.default_clean_caption = parts.family->default_clean_caption;
  info.default_use_resolution_binning = models::HasBins(native);
  return info;
}

// m = u + g (c - u), in the prediction's dtype, and without the variance half that some networks predict beside the noise.
torch::Tensor Guide(const DiffusionSample& sample, std::span<const torch::Tensor> predictions) {
  torch::Tensor prediction = predictions.back();
  if (sample.negative) prediction = predictions.front() + sample.plan.guidance_scale * (prediction - predictions.front());
  return prediction.narrow(0, 0, sample.latent.size(0));
}

void AppendRows(const DiffusionSample& sample, std::vector<models::DenoiserRow>& rows) {
  models::DenoiserRow row{.latent = sample.solver->ScaleInput(sample.latent),
                          .timestep = sample.solver->timestep(),
                          .text = sample.positive.get(),
                          .layout = &sample.layout};
  if (sample.negative) {
    rows.push_back(row);
    rows.back().text = sample.negative.get();
  }
  rows.push_back(row);
}

}  // namespace

DiffusionPipeline::DiffusionPipeline(Parts parts)
    : parts_(std::move(parts)), info_(Describe(parts_)), preview_(*parts_.autoencoder) {
  if (parts_.autoencoder->latent_channels() != parts_.denoiser->latent_channels()) {
    throw Broken("[pipeline] vae and transformer: expected the same latent channels, found " +
                 std::to_string(parts_.autoencoder->latent_channels()) + " and " +
                 std::to_string(parts_.denoiser->latent_channels()));
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

std::vector<std::unique_ptr<Sample>> DiffusionPipeline::Begin(const Request& request) const {
  if (std::vector<FieldViolation> violations = Check(request); !violations.empty()) throw BadRequest(std::move(violations));
  const c10::InferenceMode no_gradients;
  const RequestPlan plan = PlanRequest(info_, request);
  const auto positive = parts_.prompts->Encode(request.prompt, plan.clean_caption, *parts_.denoiser);
  const auto negative =
      plan.guided() ? parts_.prompts->Encode(request.negative_prompt, plan.clean_caption, *parts_.denoiser) : nullptr;

  std::vector<std::unique_ptr<Sample>> samples;
  for (int image = 0; image < request.num_images; ++image) {
    const std::uint64_t seed = request.seed + static_cast<std::uint64_t>(image);
    auto sample = std::make_unique<DiffusionSample>(
        plan, seed, parts_.denoiser->Layout(plan.painted.height / info_.latent_factor, plan.painted.width / info_.latent_factor));
    sample->positive = positive;
    sample->negative = negative;
    sample->solver = parts_.samplers[static_cast<std::size_t>(plan.sampler)]->Start(plan.steps);
    sample->latent = Noise(plan.painted, seed) * sample->solver->initial_noise_sigma();
    samples.push_back(std::move(sample));
  }
  return samples;
}

void DiffusionPipeline::Step(std::span<Sample* const> samples) const {
  const c10::InferenceMode no_gradients;
  std::vector<models::DenoiserRow> rows;
  for (const Sample* sample : samples) AppendRows(Ours(*sample), rows);
  const std::vector<torch::Tensor> predictions = parts_.denoiser->Forward(rows);

  std::span<const torch::Tensor> rest = predictions;
  for (Sample* each : samples) {
    DiffusionSample& sample = Ours(*each);
    const auto count = static_cast<std::size_t>(sample.rows());
    sample.latent = sample.solver->Step(Guide(sample, rest.first(count)), sample.latent);
    rest = rest.subspan(count);
  }
}

Picture DiffusionPipeline::Finish(const Sample& sample, Picture::Kind kind) const {
  const c10::InferenceMode no_gradients;
  const DiffusionSample& ours = Ours(sample);
  if (!torch::isfinite(ours.latent).all().item<bool>()) {
    throw Broken("[pipeline] the finished latent holds NaN or infinity; " + std::string(Name(info_.precision)) +
                 " may be too narrow for this checkpoint");
  }
  if (kind == Picture::Kind::kLatentF32) return ToLatentPicture(ours.latent);
  const torch::Tensor pixels = parts_.autoencoder->Decode(ours.latent.to(parts_.autoencoder->dtype()));
  if (!torch::isfinite(pixels).all().item<bool>()) {
    throw Broken("[pipeline] the decoded picture holds NaN or infinity; " + std::string(Name(info_.precision)) +
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
