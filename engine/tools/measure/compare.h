#pragma once

#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "engine/quant/recipe.h"
#include "engine/quant/sqnr.h"
#include "engine/tools/measure/effective_bits.h"
#include "engine/tools/measure/progress.h"
#include "engine/tools/measure/prompts.h"

namespace stampd::tools {

/// What a recipe does to a model, held against full precision with the same prompt, seed and scheduler.
///
/// SQNR is 10 log10(sum of x^2 / sum of (x - y)^2) decibels, x being full precision's and y the recipe's. Everything that one
/// prompt gives to an average counts as one signal; over prompts there are both means: of the decibels, and pooled, all prompts'
/// sums before the logarithm.
struct Comparison {
  quant::Recipe recipe;
  EffectiveBits bits;  // of a picture of the model's native size
  /// Of the predictions at each step, all rows of guidance together, on full precision's own latents (teacher-forced).
  std::vector<quant::SqnrAverage> steps;
  quant::SqnrAverage teacher;  // of a prompt's predictions at all its steps
  quant::SqnrAverage latent;   // of the finished latent, before the autoencoder, each run going its own way
  quant::SqnrAverage image;    // of that latent's decoded pixels, in 0 … 1
  double mean_psnr_db = 0;     // of the pixels: 10 log10(1 / mean of (x - y)^2), its mean over prompts
};

struct CompareOptions {
  LoadOptions load;             // its precisions: the one that everything is held against, fp32 if none is given
  Request request;              // all but prompt and seed
  std::vector<Prompt> prompts;  // of which the first kCalibrationPrompts calibrate recipes that smooth
  Progress progress = [](const std::string&, double) {};
};

/// Every recipe's network sees the very latents, texts and timesteps that full precision's sees. All networks are in memory at
/// once, each read and rounded once; nothing else grows with recipes or prompts. Broken as Pipeline::Load and Recipe::Resolve,
/// BadRequest if two recipes have the same name.
std::vector<Comparison> Compare(const CompareOptions& options, const std::vector<quant::Recipe>& recipes);

}  // namespace stampd::tools
