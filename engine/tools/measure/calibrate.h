#pragma once

#include <span>

#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/pipeline.h"
#include "engine/tools/measure/prompts.h"

namespace stampd::tools {

/// Paints the prompts in full precision and returns the largest magnitude that each input channel of each linear over image tokens
/// saw. `request`: all but prompt and seed.
layers::ActivationMaxima MeasureMaxima(const io::Checkpoint& checkpoint, torch::ScalarType dtype, const Request& request,
                                       std::span<const Prompt> prompts);

}  // namespace stampd::tools
