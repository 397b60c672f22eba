#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "engine/family.h"
#include "engine/io/checkpoint.h"
#include "engine/models/latent_preview.h"
#include "engine/models/networks.h"
#include "engine/pipeline.h"
#include "engine/prompt_encoder.h"
#include "engine/request_plan.h"
#include "engine/samplers/solver.h"

namespace stampd {

/// The pipeline of latent diffusion: text encoder, denoiser, sampler, autoencoder. Knows roles, no network.
class DiffusionPipeline final : public Pipeline {
 public:
  /// The denoiser in one of several precisions.
  struct Variant {
    Precision precision = Precision::kFp32;
    std::unique_ptr<const models::Denoiser> denoiser;
  };

  struct Parts {
    const Family* family = nullptr;
    std::unique_ptr<const PromptEncoder> prompts;
    std::vector<Variant> variants;  // at least one; the first is the default. All of one shape
    std::unique_ptr<const models::Autoencoder> autoencoder;
    std::vector<std::unique_ptr<const samplers::Sampler>> samplers;
    std::string digest;
    torch::Device device = torch::kCPU;
  };
  /// Broken if autoencoder and denoisers do not have the same latent channels.
  explicit DiffusionPipeline(Parts parts);

  const ModelInfo& info() const override { return info_; }
  std::vector<FieldViolation> Check(const Request& request) const override { return CheckRequest(info_, request); }
  std::vector<std::unique_ptr<Sample>> Begin(const Request& request) const override;
  void Step(std::span<Sample* const> samples) const override;

  /// A sample of the variant of that index, whatever the request's precision; else as Begin for one picture.
  std::unique_ptr<Sample> BeginWith(const Request& request, std::size_t variant) const;
  /// What that variant predicts for the sample's next step, one tensor for each of its rows, as the network gives it; the sample
  /// stays where it is.
  std::vector<torch::Tensor> Predict(const Sample& sample, std::size_t variant) const;
  /// The variant's order of tokens for a picture of the default size.
  TokenLayout NativeLayout(std::size_t variant) const;

  Picture Finish(const Sample& sample, Picture::Kind kind) const override;
  Picture Preview(const Sample& sample, int max_side) const override;

 private:
  torch::Tensor Noise(Size painted, std::uint64_t seed) const;
  std::size_t VariantOf(const Request& request) const;
  void StepVariant(std::span<Sample* const> samples, std::size_t variant) const;
  std::vector<std::unique_ptr<Sample>> Begin(const Request& request, std::size_t variant) const;

  Parts parts_;
  ModelInfo info_;
  models::LatentPreview preview_;
};

/// All parts but the variants; what they compute in is `dtype`. Broken as Pipeline::Load.
DiffusionPipeline::Parts LoadParts(const io::Checkpoint& checkpoint, const LoadOptions& options, torch::ScalarType dtype);

}  // namespace stampd
