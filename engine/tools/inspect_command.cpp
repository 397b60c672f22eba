#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

#include "engine/recipe_source.h"
#include "engine/tools/commands.h"
#include "engine/tools/component_flags.h"
#include "engine/tools/inspect.h"
#include "engine/tools/measure/autocorrelation.h"
#include "engine/tools/write_file.h"

namespace stampd::tools {
namespace {

struct AutocorrelationFlags {
  std::filesystem::path prefix;
  std::filesystem::path prompts;
  std::size_t count = 4;
  std::string layer = "attn1.to_q";
  std::string recipe = "stamp-w4a4";
  Request request;
};

struct InspectFlags {
  std::string folder;
  std::vector<std::string> overrides;
  bool json = false;
  bool tensors = false;
  AutocorrelationFlags autocorrelation;
};

void Plot(const AutocorrelationFlags& flags, const LoadOptions& load) {
  CheckWritable(flags.prefix.string() + "-before.png");
  CompareOptions options{.load = load, .request = flags.request, .prompts = ReadPrompts(flags.prompts)};
  options.prompts.resize(std::min(options.prompts.size(), flags.count));
  PlotAutocorrelation(options, flags.layer, FindRecipe(flags.recipe), flags.prefix);
  std::printf("%s-before.png, %s-after.png, %s-energy.svg\n", flags.prefix.c_str(), flags.prefix.c_str(), flags.prefix.c_str());
}

void Run(const InspectFlags& flags) {
  const std::map<std::string, std::filesystem::path> components = ParseComponents(flags.overrides);
  if (!flags.autocorrelation.prefix.empty()) return Plot(flags.autocorrelation, {.folder = flags.folder, .components = components});
  const CheckpointReport report = Inspect(flags.folder, components);
  std::cout << (flags.json ? JsonText(report, flags.tensors) : TableText(report, flags.tensors));
}

// Another way to look at a checkpoint, with options of its own.
CLI::Option* AddAutocorrelation(CLI::App& command, AutocorrelationFlags& flags) {
  CLI::Option* const autocorrelation = command.add_option("--autocorrelation", flags.prefix,
                                                          "Plot a layer's tokens before and after the sequence transform instead: "
                                                          "PREFIX-before.png, PREFIX-after.png, PREFIX-energy.svg");
  const std::vector<CLI::Option*> its = {
      command.add_option("--prompts", flags.prompts, "To see tokens of: a prompt a line, or .jsonl with prompt and seed"),
      command.add_option("--count", flags.count, "Only that many of the prompts")
          ->check(CLI::PositiveNumber)
          ->capture_default_str(),
      command.add_option("--layer", flags.layer, "Pattern of a linear's name; the first that matches")->capture_default_str(),
      command.add_option("--recipe", flags.recipe, "Whose transform: a preset's name or a JSON file")->capture_default_str(),
      command.add_option("--steps", flags.request.steps, "Denoising steps; 0: the model's default"),
  };
  autocorrelation->type_name("PREFIX")->needs(its.front());
  for (CLI::Option* const option : its) option->needs(autocorrelation);
  return autocorrelation;
}

}  // namespace

void AddInspect(CLI::App& program) {
  CLI::App* command = program.add_subcommand("inspect", "Show what a checkpoint consists of, and its digests");
  const auto flags = std::make_shared<InspectFlags>();
  command->add_option("DIR", flags->folder, "diffusers pipeline folder")->required();
  command->add_option("--component", flags->overrides, "NAME=DIR: take this component from another folder (repeatable)")
      ->allow_extra_args(false);
  CLI::Option* const json = command->add_flag("--json", flags->json, "Print JSON");
  CLI::Option* const tensors = command->add_flag("--tensors", flags->tensors, "List every tensor");
  AddAutocorrelation(*command, flags->autocorrelation)->excludes(json)->excludes(tensors);
  command->callback([flags] { Run(*flags); });
}

}  // namespace stampd::tools
