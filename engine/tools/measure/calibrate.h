#pragma once

#include <cstddef>
#include <span>

#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/tools/measure/compare.h"

namespace stampd::tools {

/// How many prompts are enough, unless the user says.
inline constexpr std::size_t kCalibrationPrompts = 4;

/// Whether some layer's recipe needs activations to calibrate on.
bool Smooths(const quant::Recipe& recipe);

/// Paints the prompts in full precision and returns the largest magnitude that each input channel of each linear over image tokens
/// saw. `request`: all but prompt and seed.
layers::ActivationMaxima MeasureMaxima(const io::Checkpoint& checkpoint, torch::ScalarType dtype, const Request& request,
                                       std::span<const Prompt> prompts, const Progress& progress);

/// The same on the first kCalibrationPrompts of the prompts; nothing, at no cost, if none of the recipes smooths.
layers::ActivationMaxima MaximaFor(std::span<const quant::Recipe> recipes, const io::Checkpoint& checkpoint,
                                   torch::ScalarType dtype, const CompareOptions& options);

}  // namespace stampd::tools
