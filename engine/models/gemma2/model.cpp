#include "engine/models/gemma2/model.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"
#include "engine/models/gemma2/block.h"
#include "engine/models/gemma2/config.h"
#include "engine/models/gemma2/positions.h"
#include "engine/models/token_embedding.h"

namespace stampd::models {
namespace gemma2 {
namespace {

layers::WeightScope Root(layers::Weights& weights) {
  const layers::WeightScope root(weights);
  return weights.Has("model.embed_tokens.weight") ? root / "model" : root;
}

class Encoder final : public TextEncoder {
 public:
  Encoder(layers::Weights& weights, const Gemma2Config& config)
      : config_(config),
        embedding_("gemma2", Root(weights).Take("embed_tokens.weight", {config.vocabulary, config.width})),
        final_norm_(Root(weights) / "norm", config) {
    for (std::size_t i = 0; i < config.layers_that_slide.size(); ++i) {
      blocks_.emplace_back(Root(weights) / "layers" / static_cast<int>(i), config);
    }
    footprint_ = {weights.parameters(), weights.resident_bytes()};
  }

  Footprint footprint() const override { return footprint_; }
  torch::ScalarType dtype() const override { return embedding_.dtype(); }
  int vocabulary() const override { return static_cast<int>(config_.vocabulary); }

  torch::Tensor Encode(std::span<const std::int64_t> ids) const override {
    const at::NoGradGuard no_grad;
    torch::Tensor stream = embedding_.Look(ids);
    // In the dtype, like a tensor and unlike a number: sqrt(3072) is 55.5 in bf16.
    stream.mul_(at::full({}, std::sqrt(static_cast<double>(config_.width)), stream.options()));
    const std::int64_t length = stream.size(0);
    const RotaryTable rotary(length, config_.head_width, config_.rotary_base, stream.options());
    const torch::Tensor later = HiddenKeys(length, length, stream.device());
    const torch::Tensor outside = HiddenKeys(length, config_.sliding_window, stream.device());
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      stream = blocks_[i].Forward(stream, rotary, config_.layers_that_slide[i] ? outside : later);
    }
    return final_norm_.Forward(stream);
  }

 private:
  Gemma2Config config_;
  TokenEmbedding embedding_;
  Norm final_norm_;
  std::vector<Block> blocks_;
  Footprint footprint_;
};

}  // namespace
}  // namespace gemma2

std::unique_ptr<TextEncoder> LoadGemma2Encoder(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                               const layers::Quantization* quantization) {
  const at::NoGradGuard no_grad;
  const gemma2::Gemma2Config config = gemma2::ReadConfig(io::Config::Read(folder / "config.json"));
  layers::Weights weights(io::TensorArchive::Open(folder, "model"), dtype, device, quantization);
  weights.Ignore("lm_head.");
  auto encoder = std::make_unique<gemma2::Encoder>(weights, config);
  weights.CheckAllTaken();
  return encoder;
}

}  // namespace stampd::models
