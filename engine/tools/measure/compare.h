#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "engine/quant/recipe.h"
#include "engine/quant/sqnr.h"
#include "engine/tools/measure/prompts.h"

namespace stampd::tools {

/// A way to quantize that is to be held against full precision.
struct Candidate {
  std::string name;
  quant::Recipe recipe;
};

/// What a candidate does to a model. All averages are over prompts, for which SQNR counts everything of one prompt together.
struct Comparison {
  std::string name;
  double activation_bits = 0;             // mean over a native picture's tokens, high ones included
  std::vector<quant::SqnrAverage> steps;  // of the predictions at each step, on full precision's own latents (teacher-forced)
  quant::SqnrAverage teacher;             // over all steps: what `steps` sum up
  quant::SqnrAverage latent;              // of the finished latent, each run going its own way
  quant::SqnrAverage image;               // of the pixels, in 0 … 1
  double mean_psnr_db = 0;                // of the pixels
};

struct CompareOptions {
  LoadOptions load;             // its precisions: the one that everything is held against, fp32 if none is given
  Request request;              // all but prompt and seed
  int calibration_prompts = 4;  // the first of the prompts, for candidates that smooth
  std::vector<Prompt> prompts;
  std::function<void(std::size_t done, std::size_t total)> progress = [](std::size_t, std::size_t) {};
};

/// Every candidate's network sees the very latents, texts and timesteps that full precision's sees. Broken as Pipeline::Load and
/// Recipe::Resolve.
std::vector<Comparison> Compare(const CompareOptions& options, const std::vector<Candidate>& candidates);

}  // namespace stampd::tools
