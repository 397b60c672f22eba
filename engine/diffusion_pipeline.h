#pragma once

#include <memory>
#include <vector>

#include <torch/types.h>

#include "engine/family.h"
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
  struct Parts {
    const Family* family = nullptr;
    std::unique_ptr<const PromptEncoder> prompts;
    std::unique_ptr<const models::Denoiser> denoiser;
    std::unique_ptr<const models::Autoencoder> autoencoder;
    std::vector<std::unique_ptr<const samplers::Sampler>> samplers;
    std::string digest;
    Precision precision = Precision::kFp32;
    torch::Device device = torch::kCPU;
  };
  /// Broken if autoencoder and denoiser do not have the same latent channels.
  explicit DiffusionPipeline(Parts parts);

  const ModelInfo& info() const override { return info_; }
  std::vector<FieldViolation> Check(const Request& request) const override { return CheckRequest(info_, request); }
  std::vector<std::unique_ptr<Sample>> Begin(const Request& request) const override;
  void Step(std::span<Sample* const> samples) const override;
  Picture Finish(const Sample& sample, Picture::Kind kind) const override;
  Picture Preview(const Sample& sample, int max_side) const override;

 private:
  torch::Tensor Noise(Size painted, std::uint64_t seed) const;

  Parts parts_;
  ModelInfo info_;
  models::LatentPreview preview_;
};

}  // namespace stampd
