#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include "engine/recipe_source.h"
#include "engine/tools/commands.h"
#include "engine/tools/component_flags.h"
#include "engine/tools/measure/calibrate.h"
#include "engine/tools/quantize/quantize.h"

namespace stampd::tools {
namespace {

constexpr const char* kNoRecipe = "none";

struct QuantizeFlags {
  QuantizeOptions options;
  std::vector<std::string> components;
  std::string recipe = "stamp-w4a4";
  std::string text_recipe = kNoRecipe;
  std::filesystem::path prompts;
  std::size_t count = kCalibrationPrompts;
};

ComponentRecipes RecipesOf(const QuantizeFlags& flags) {
  ComponentRecipes recipes;
  if (flags.recipe != kNoRecipe) recipes.emplace("transformer", FindRecipe(flags.recipe));
  if (flags.text_recipe != kNoRecipe) recipes.emplace("text_encoder", FindRecipe(flags.text_recipe));
  return recipes;
}

void Run(QuantizeFlags flags) {
  flags.options.components = ParseComponents(flags.components);
  if (!flags.prompts.empty()) {
    flags.options.prompts = ReadPrompts(flags.prompts);
    flags.options.prompts.resize(std::min(flags.options.prompts.size(), flags.count));
  }
  flags.options.progress = ProgressLog(std::cerr);
  const auto began = std::chrono::steady_clock::now();
  for (const auto& [component, report] : Quantize(flags.options, RecipesOf(flags))) {
    std::printf("%s: %d linears of %.1f million weights, %.1f MB instead of %.1f MB, %.2f bits each\n", component.c_str(),
                report.linears, static_cast<double>(report.parameters) * 1e-6, static_cast<double>(report.quantized_bytes) * 1e-6,
                static_cast<double>(report.original_bytes) * 1e-6,
                8 * static_cast<double>(report.quantized_bytes) / static_cast<double>(report.parameters));
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::printf("%s: written in %.1f s\n", flags.options.output.c_str(), seconds.count());
}

}  // namespace

void AddQuantize(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("quantize", "Write a checkpoint whose transformer, text encoder or both are quantized");
  const auto flags = std::make_shared<QuantizeFlags>();
  command->add_option("dir", flags->options.folder, "Checkpoint: a diffusers pipeline folder")->required();
  command->add_option("-o,--output", flags->options.output, "Folder to write; must be empty or not there")->required();
  command->add_option("--recipe", flags->recipe, "Of the transformer: a preset's name, a JSON file, or none")
      ->capture_default_str();
  command->add_option("--text-recipe", flags->text_recipe, "Of the text encoder: text-w8a8, text-w4a8, a JSON file, or none")
      ->capture_default_str();
  command->add_option("--component", flags->components, "NAME=DIR: a component from another folder (repeatable)");
  command->add_flag("--transformer-only", flags->options.transformer_only,
                    "Write the transformer's folder alone, for use as transformer=DIR");
  CLI::Option* const prompts = command->add_option(
      "--prompts", flags->prompts, "To calibrate a recipe that smooths: a prompt a line, or .jsonl with prompt and seed");
  command->add_option("--count", flags->count, "Only that many of the prompts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->needs(prompts);
  command->add_option("--steps", flags->options.request.steps, "Denoising steps of them; 0: the model's default")->needs(prompts);
  command->callback([flags] { Run(*flags); });
}

}  // namespace stampd::tools
