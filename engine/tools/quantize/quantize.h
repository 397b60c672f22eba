#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "engine/quant/recipe.h"
#include "engine/tools/measure/progress.h"
#include "engine/tools/measure/prompts.h"

namespace stampd::tools {

struct QuantizeReport {
  int linears = 0;                    // that were quantized, by the checkpoint's names
  std::uint64_t parameters = 0;       // of them
  std::uint64_t original_bytes = 0;   // of their weights in the checkpoint
  std::uint64_t quantized_bytes = 0;  // codes, scales and multipliers
};

struct QuantizeOptions {
  std::filesystem::path folder;                             // a diffusers pipeline
  std::map<std::string, std::filesystem::path> components;  // as LoadOptions'
  std::filesystem::path output;                             // made if it is not there; Broken if it holds something
  bool transformer_only = false;                            // for use as `transformer=DIR` beside the original
  std::vector<Prompt> prompts;                              // to calibrate smoothing on, in fp32
  Request request;                                          // of them: all but prompt and seed
  Progress progress = [](const std::string&, double) {};
};

/// Writes the pipeline with its transformer quantized: the weights of the recipe's linears as image_linear.h describes, all other
/// tensors byte for byte, the recipe in transformer/config.json. Loading the result gives the same bytes as quantizing on load
/// (with the same MeasureMaxima, where the recipe smooths).
///
/// BadRequest for a recipe that smooths without prompts, and for prompts without need. Broken if the checkpoint or the recipe can't
/// be used, or was quantized already.
QuantizeReport Quantize(const QuantizeOptions& options, const quant::Recipe& recipe);

}  // namespace stampd::tools
