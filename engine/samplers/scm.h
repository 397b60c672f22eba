#pragma once

#include <memory>

#include "engine/io/config.h"
#include "engine/samplers/solver.h"

namespace stampd::samplers {

/// SCMScheduler: the few steps of a continuous-time consistency model (arXiv:2410.11081), as SanaSprintPipeline takes them. Each
/// step goes to the predicted x0 and, but for the last, from there to fresh noise of the next level.
///
/// The model is asked on the flow matching path (trig_flow.h): `ScaleInput` and `timestep()` give a latent and a sigma of 0 to 1,
/// and its prediction is noise - x0. The conversions, which in diffusers are the pipeline's, belong to the solver here. All in
/// float32. Latents on the way are of deviation sigma_data, the last one and `denoised()` of 1. Broken for other prediction types
/// than trigflow.
std::unique_ptr<const Sampler> MakeScm(const io::Config& config);

}  // namespace stampd::samplers
