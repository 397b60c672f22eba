#pragma once

#include <torch/types.h>

#include "engine/io/config.h"

namespace stampd::samplers {

/// num_train_timesteps; Broken unless 1 to a million.
int TrainTimesteps(const io::Config& config);

/// How much of the data's variance is left at each training timestep: float32 [num_train_timesteps], above 0 and falling (the last
/// of a zero-SNR schedule need not), in the reference's float32.
///
/// Reads num_train_timesteps, beta_schedule, beta_start, beta_end, trained_betas, rescale_betas_zero_snr (arXiv:2305.08891,
/// algorithm 1). Broken for an unknown schedule, and for betas whose noise does not grow.
torch::Tensor AlphasCumprod(const io::Config& config);

/// Square root and natural logarithm of float32, correctly rounded. LibTorch's own differ between machines in the last place, and
/// with it would timesteps where a schedule truncates them.
torch::Tensor Sqrt(const torch::Tensor& x);
torch::Tensor Log(const torch::Tensor& x);

}  // namespace stampd::samplers
