#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include "engine/base/token_layout.h"

namespace stampd::models {

/// The three kinds of network that a text-to-image pipeline is made of, as the pipeline sees them. All are immutable and
/// thread-safe once loaded; tensors live on the network's device.

struct Footprint {
  std::int64_t parameters = 0;
  std::int64_t resident_bytes = 0;
};

class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  virtual Footprint footprint() const = 0;
  /// `ids` without padding, in the tokenizer's order. Returns [ids.size(), width] in the encoder's dtype. Padding is left out
  /// rather than masked: masked keys weigh exactly zero, so the tokens that count come out the same, for less work.
  virtual torch::Tensor Encode(std::span<const std::int64_t> ids) const = 0;
  virtual torch::ScalarType dtype() const = 0;  // of the embeddings, and of the noise in the reference pipeline
  virtual int vocabulary() const = 0;           // ids must lie below
};

/// What a denoiser needs of one prompt, computed once and used in every step. Opaque; shared by samples.
class TextContext {
 public:
  virtual ~TextContext() = default;
};

/// One row of a packed forward: a latent at a timestep under a prompt. A sample with guidance makes two.
struct DenoiserRow {
  torch::Tensor latent;  // [latent_channels, height, width]
  double timestep = 0;   // as the sampler gives it to the model
  const TextContext* text = nullptr;
  const TokenLayout* layout = nullptr;  // from Denoiser::Layout for this latent's size
  double guidance = 0;                  // the request's guidance_scale; read only by networks that embed it
};

class Denoiser {
 public:
  virtual ~Denoiser() = default;
  virtual Footprint footprint() const = 0;
  virtual int latent_channels() const = 0;
  virtual int out_channels() const = 0;  // latent_channels, or twice that where the network predicts a variance too
  virtual int sample_size() const = 0;   // sides of the latent that it was trained on
  virtual int patch_size() const = 0;    // a latent's sides must divide by it
  virtual int text_width() const = 0;    // of the embeddings it expects
  virtual torch::ScalarType dtype() const = 0;
  /// Whether guidance is told to the network, instead of done with a second row: it was distilled.
  virtual bool embeds_guidance() const { return false; }

  /// `embeddings` [tokens, text_width]. Projects it through all that does not depend on timestep or latent.
  virtual std::shared_ptr<const TextContext> PrepareText(const torch::Tensor& embeddings) const = 0;

  /// The order in which a latent's tokens are stored inside the network.
  virtual TokenLayout Layout(int latent_height, int latent_width) const = 0;

  /// One prediction [out_channels, height, width] per row, in dtype(). Rows may differ in everything; a row's result is
  /// byte-identical whatever rows stand beside it.
  virtual std::vector<torch::Tensor> Forward(std::span<const DenoiserRow> rows) const = 0;
};

class Autoencoder {
 public:
  virtual ~Autoencoder() = default;
  virtual Footprint footprint() const = 0;
  virtual int latent_channels() const = 0;
  virtual int factor() const = 0;             // pixels per latent, on each side
  virtual double scaling_factor() const = 0;  // latents are multiplied by it after encoding; Decode divides
  virtual torch::ScalarType dtype() const = 0;
  /// [latent_channels, height, width] as the denoiser leaves it, to pixels [3, height * factor, width * factor], in dtype(),
  /// nominally in -1 … 1, not clamped. Large latents are decoded in overlapping tiles, so that memory stays bounded.
  virtual torch::Tensor Decode(const torch::Tensor& latent) const = 0;
};

}  // namespace stampd::models
