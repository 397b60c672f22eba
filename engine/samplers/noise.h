#pragma once

#include <torch/types.h>

namespace stampd::samplers {

/// The standard normal noise that a step adds, float32, in the shape and on the device of `latent`: the next numbers of
/// `generator`, whose device draws them. A leading dimension of 1, which the reference's latents have, draws the same.
inline torch::Tensor DrawNoise(const torch::Tensor& latent, const at::Generator& generator) {
  return at::randn(latent.sizes(), generator, torch::TensorOptions(generator.device()).dtype(torch::kFloat32)).to(latent.device());
}

}  // namespace stampd::samplers
