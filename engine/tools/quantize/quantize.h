#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/pipeline.h"
#include "engine/quant/recipe.h"
#include "engine/tools/measure/progress.h"
#include "engine/tools/measure/prompts.h"
#include "engine/tools/quantize/prepared_weights.h"

namespace stampd::tools {

/// By components' names: transformer, text_encoder. One that has no recipe is copied as it is.
using ComponentRecipes = std::map<std::string, quant::Recipe>;

struct QuantizeOptions {
  std::filesystem::path folder;                             // a diffusers pipeline
  std::map<std::string, std::filesystem::path> components;  // as LoadOptions'
  std::filesystem::path output;                             // made if it is not there; Broken if it holds something
  bool transformer_only = false;                            // for use as `transformer=DIR` beside the original
  std::vector<Prompt> prompts;                              // to calibrate smoothing on, in fp32
  Request request;                                          // of them: all but prompt and seed
  Progress progress = [](const std::string&, double) {};
};

/// Writes the pipeline with some of its components quantized: the weights of a recipe's linears as image_linear.h describes, all
/// other tensors byte for byte, the recipe in the component's config.json. Loading the result gives the same bytes as quantizing on
/// load (with the same MeasureMaxima, where the recipe smooths). One weight after the other is rounded and put on disk: memory need
/// not hold a component, in one form or the other.
///
/// BadRequest for no recipe at all, for a transformer's recipe that smooths without prompts, for prompts without need, and for a
/// text encoder's recipe that smooths, as nothing calibrates it. Broken if the checkpoint or a recipe can't be used, or was
/// quantized already.
std::map<std::string, QuantizeReport> Quantize(const QuantizeOptions& options, const ComponentRecipes& recipes);

}  // namespace stampd::tools
