#pragma once

#include <array>
#include <cstdint>

#include <torch/types.h>

#include "engine/layers/weights.h"

namespace stampd::models::autoencoder_dc {

struct UpsamplerOptions {
  bool interpolate =
      false;             // the convolution is of the picture with every pixel repeated; else its channels are shuffled to pixels
  bool shortcut = true;  // the picture itself goes around the convolution, its channels spread over the new pixels
};

/// A 3x3 convolution that doubles a picture's sides: DC-AE's residual autoencoding, backwards (arXiv 2410.10733).
///
/// Of two by two new pixels each is a convolution of its own. On repeated pixels that is one of 2x2, since of the three rows and
/// columns that the kernel covers two are the same: less than half of the work, and the repeated picture is never there.
class Upsampler {
 public:
  /// Takes what lies under "conv". With a shortcut `out` is `in`, its half or its quarter.
  Upsampler(const layers::WeightScope& scope, std::int64_t in, std::int64_t out, const UpsamplerOptions& options);
  torch::Tensor Forward(const torch::Tensor& x) const;

 private:
  // Of the new pixel at row `index / 2` and column `index % 2`.
  struct Part {
    torch::Tensor weight, bias;
  };
  torch::Tensor Convolve(const torch::Tensor& x, std::int64_t index) const;
  torch::Tensor Shortcut(const torch::Tensor& x, std::int64_t index) const;

  std::int64_t out_;
  UpsamplerOptions options_;
  std::array<Part, 4> parts_;
};

}  // namespace stampd::models::autoencoder_dc
