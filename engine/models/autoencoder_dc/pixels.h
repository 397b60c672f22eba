#pragma once

#include <torch/types.h>

namespace stampd::models::autoencoder_dc {

/// A picture's pixels as rows and back, in the same memory. Pictures are those of layers/convolution.h, [1, channels, height,
/// width] with channels innermost; rows [height * width, channels].

torch::Tensor PixelsOf(const torch::Tensor& picture);

/// A picture of the sides that `like` has.
torch::Tensor PictureOf(const torch::Tensor& pixels, const torch::Tensor& like);

}  // namespace stampd::models::autoencoder_dc
