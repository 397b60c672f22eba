#pragma once

#include <torch/types.h>

#include "engine/pipeline.h"
#include "engine/request_plan.h"

namespace stampd {

/// Decoded pixels [3, height, width], nominally in -1 … 1, to a kRgb8 picture of `size`: scaled to cover it, the middle cut out,
/// clamped in the pixels' own dtype, and rounded half to even, as diffusers' image processor does.
Picture ToPicture(const torch::Tensor& pixels, Size size);

/// [channels, height, width] to kLatentF32.
Picture ToLatentPicture(const torch::Tensor& latent);

}  // namespace stampd
