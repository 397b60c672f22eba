#include <cstdio>
#include <memory>

#include "engine/recipe_source.h"
#include "engine/tools/commands.h"
#include "engine/tools/component_flags.h"
#include "engine/tools/measure/autocorrelation.h"

namespace stampd::tools {
namespace {

struct AutocorrelationFlags {
  CompareOptions options;
  std::vector<std::string> components;
  std::filesystem::path prompts;
  std::size_t count = 4;
  std::string layer = "attn1.to_q";
  std::string recipe = "stamp-w4a4";
  std::filesystem::path prefix;
};

void Run(AutocorrelationFlags flags) {
  flags.options.load.components = ParseComponents(flags.components);
  flags.options.prompts = ReadPrompts(flags.prompts);
  flags.options.prompts.resize(std::min(flags.options.prompts.size(), flags.count));
  PlotAutocorrelation(flags.options, flags.layer, FindRecipe(flags.recipe), flags.prefix);
  std::printf("%s-before.png, %s-after.png, %s-energy.svg\n", flags.prefix.c_str(), flags.prefix.c_str(), flags.prefix.c_str());
}

}  // namespace

void AddAutocorrelation(CLI::App& program) {
  CLI::App* command = program.add_subcommand("autocorrelation", "Plot what a sequence transform does to the tokens of one linear");
  const auto flags = std::make_shared<AutocorrelationFlags>();
  command->add_option("dir", flags->options.load.folder, "Checkpoint: a diffusers pipeline folder")->required();
  command->add_option("--prompts", flags->prompts, "A prompt a line, or .jsonl with prompt and seed")->required();
  command->add_option("--count", flags->count, "Only that many of the prompts")->capture_default_str();
  command->add_option("--layer", flags->layer, "Pattern of a linear's name; the first that matches")->capture_default_str();
  command->add_option("--recipe", flags->recipe, "Whose sequence transform: a preset's name or a JSON file")->capture_default_str();
  command->add_option("--steps", flags->options.request.steps, "Denoising steps; 0: the model's default");
  command->add_option("--component", flags->components, "NAME=DIR: a component from another folder (repeatable)");
  command->add_option("-o,--output", flags->prefix, "Prefix of the files to write")->required();
  command->callback([flags] { Run(*flags); });
}

}  // namespace stampd::tools
