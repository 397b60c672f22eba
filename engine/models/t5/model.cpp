#include "engine/models/t5/model.h"

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "engine/base/error.h"
#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/weights.h"
#include "engine/models/t5/block.h"
#include "engine/models/t5/config.h"
#include "engine/models/t5/relative_position.h"
#include "engine/models/token_embedding.h"

namespace stampd::models {
namespace t5 {
namespace {

constexpr char kShared[] = "shared.weight";
constexpr char kOwn[] = "encoder.embed_tokens.weight";

void CheckTied(const layers::Weights& weights, at::IntArrayRef shape) {
  if (weights.Shape(kOwn) == shape) return;
  std::ostringstream text;
  text << "[t5] " << kOwn << ": expected the shape of " << kShared << ", " << shape << ", found " << weights.Shape(kOwn);
  throw Broken(text.str());
}

// Saved under either name, or under both, when they are one tensor tied together.
torch::Tensor TakeEmbeddings(layers::Weights& weights, const T5Config& config) {
  const std::array shape = {config.vocabulary, config.width};
  if (!weights.Has(kShared) && weights.Has(kOwn)) return weights.Take(kOwn, shape);
  const torch::Tensor embeddings = weights.Take(kShared, shape);
  if (weights.Has(kOwn)) {
    CheckTied(weights, shape);
    weights.Ignore(kOwn);
  }
  return embeddings;
}

class Encoder final : public TextEncoder {
 public:
  Encoder(layers::Weights& weights, const T5Config& config)
      : config_(config),
        embedding_("t5", TakeEmbeddings(weights, config)),
        position_table_((layers::WeightScope(weights) / "encoder" / "block" / 0 / "layer" / 0 / "SelfAttention")
                            .Take("relative_attention_bias.weight", {config.position_buckets, config.heads})),
        final_norm_(layers::WeightScope(weights) / "encoder" / "final_layer_norm", config) {
    for (int i = 0; i < config.blocks; ++i) {
      blocks_.emplace_back(layers::WeightScope(weights) / "encoder" / "block" / i, config);
    }
    footprint_ = {weights.parameters(), weights.resident_bytes()};
  }

  Footprint footprint() const override { return footprint_; }
  torch::ScalarType dtype() const override { return embedding_.dtype(); }
  int vocabulary() const override { return static_cast<int>(config_.vocabulary); }

  torch::Tensor Encode(std::span<const std::int64_t> ids) const override {
    const at::NoGradGuard no_grad;
    torch::Tensor stream = embedding_.Look(ids);
    const torch::Tensor bias = RelativePositionBias(position_table_, stream.size(0), config_.position_max_distance);
    for (const Block& block : blocks_) stream = block.Forward(stream, bias);
    return final_norm_.Forward(stream);
  }

 private:
  T5Config config_;
  TokenEmbedding embedding_;
  torch::Tensor position_table_;
  Norm final_norm_;
  std::vector<Block> blocks_;
  Footprint footprint_;
};

}  // namespace
}  // namespace t5

std::unique_ptr<TextEncoder> LoadT5Encoder(const std::filesystem::path& folder, torch::ScalarType dtype, torch::Device device,
                                           const layers::Quantization* quantization) {
  const at::NoGradGuard no_grad;
  const t5::T5Config config = t5::ReadConfig(io::Config::Read(folder / "config.json"));
  layers::Weights weights(io::TensorArchive::Open(folder, "model"), dtype, device, quantization);
  weights.Ignore("decoder.");
  weights.Ignore("lm_head.");
  auto encoder = std::make_unique<t5::Encoder>(weights, config);
  weights.CheckAllTaken();
  return encoder;
}

}  // namespace stampd::models
