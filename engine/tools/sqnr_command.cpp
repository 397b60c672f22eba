#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "engine/base/error.h"
#include "engine/recipe_source.h"
#include "engine/tools/commands.h"
#include "engine/tools/component_flags.h"
#include "engine/tools/measure/compare.h"
#include "engine/tools/measure/layer_comparison.h"
#include "engine/tools/measure/report.h"
#include "engine/tools/measure/sweeps.h"
#include "engine/tools/measure/tokens_plot.h"
#include "engine/tools/write_file.h"

namespace stampd::tools {
namespace {

struct SqnrFlags {
  CompareOptions options;
  std::vector<std::string> components;
  std::filesystem::path prompts;
  std::size_t count = 0;
  std::vector<std::string> recipes = {"stamp-w4a4"};
  std::vector<std::string> sweeps;
  std::string against = "fp32";
  std::optional<double> guidance_scale;
  std::filesystem::path csv, json, plot, plot_tokens, layers_csv;
  bool layers = false;
};

std::vector<quant::Recipe> RecipesOf(const SqnrFlags& flags) {
  std::vector<quant::Recipe> recipes;
  for (const std::string& source : flags.recipes) recipes.push_back(FindRecipe(source));
  const quant::Recipe base = recipes.front();
  for (const std::string& sweep : flags.sweeps) {
    std::vector<quant::Recipe> found = Sweep(sweep, base);
    recipes.insert(recipes.end(), found.begin() + 1, found.end());  // the base itself is there already
  }
  return recipes;
}

// What is wrong with the files should show before hours of work and not after them.
void CheckFiles(const SqnrFlags& flags) {
  for (const std::filesystem::path& file : {flags.csv, flags.json, flags.plot, flags.plot_tokens, flags.layers_csv}) {
    if (!file.empty()) CheckWritable(file);
  }
  const auto sweeps = [&](const char* name) { return std::ranges::find(flags.sweeps, name) != flags.sweeps.end(); };
  if (!flags.plot_tokens.empty() && !sweeps("tokens") && !sweeps("all")) {
    throw BadRequest("--plot-tokens", "expected --sweep tokens or all beside it, found neither");
  }
}

void WriteIfWanted(const std::filesystem::path& file, const std::string& text) {
  if (!file.empty()) WriteFile(file, text);
}

void Run(SqnrFlags flags) {
  CompareOptions& options = flags.options;
  options.load.components = ParseComponents(flags.components);
  const std::optional<Precision> against = ParsePrecision(flags.against);
  if (!against) throw BadRequest("--against", "expected fp32 or bf16, found " + flags.against);
  options.load.precisions = {*against};
  options.request.guidance_scale = flags.guidance_scale;
  options.prompts = ReadPrompts(flags.prompts);
  if (flags.count != 0 && flags.count < options.prompts.size()) options.prompts.resize(flags.count);
  options.progress = ProgressLog(std::cerr);
  CheckFiles(flags);

  const std::vector<quant::Recipe> recipes = RecipesOf(flags);
  const std::vector<Comparison> comparisons = Compare(options, recipes);
  std::cout << ComparisonTable(comparisons);
  WriteIfWanted(flags.csv, ComparisonCsv(comparisons));
  WriteIfWanted(flags.json, ComparisonJson(comparisons));
  WriteIfWanted(flags.plot, StepsPlot(comparisons));
  WriteIfWanted(flags.plot_tokens, TokensPlot(comparisons));
  if (!flags.layers) return;
  const std::vector<LayerComparison> layers = CompareLayers(options, recipes.front());
  std::cout << '\n' << recipes.front().name << ", each linear alone\n" << LayerTable(layers);
  WriteIfWanted(flags.layers_csv, LayerCsv(layers));
}

std::string SweepList() {
  std::string list;
  for (const std::string& name : SweepNames()) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

void AddSqnr(CLI::App& program) {
  CLI::App* command = program.add_subcommand("sqnr", "Hold ways to quantize a checkpoint against full precision");
  const auto flags = std::make_shared<SqnrFlags>();
  CompareOptions& options = flags->options;
  command->add_option("dir", options.load.folder, "Checkpoint: a diffusers pipeline folder")->required();
  command->add_option("--prompts", flags->prompts, "A prompt a line, or .jsonl with prompt and seed")->required();
  command->add_option("--count", flags->count, "Only that many of the prompts");
  command->add_option("--recipe", flags->recipes, "Preset or JSON file (repeatable)")->capture_default_str();
  command->add_option("--sweep", flags->sweeps, "Variations of the first recipe: " + SweepList() + " (repeatable)");
  command->add_option("--against", flags->against, "Full precision: fp32 or bf16")->capture_default_str();
  command->add_option("--steps", options.request.steps, "Denoising steps; 0: the model's default");
  command->add_option("--guidance", flags->guidance_scale, "Guidance scale; default: the model's");
  command->add_option("--scheduler", options.request.scheduler,
                      "dpmsolver++, euler, flow_euler or scm, as far as the checkpoint has it; default: its own");
  command->add_option("--component", flags->components, "NAME=DIR: a component from another folder (repeatable)");
  command->add_option("--csv", flags->csv, "File for the table as CSV, with each step");
  command->add_option("--json", flags->json, "File for the table as JSON, with each step");
  command->add_option("--plot", flags->plot, "File for SQNR over the steps as SVG");
  command->add_option("--plot-tokens", flags->plot_tokens,
                      "File for SQNR over the number of high tokens as SVG; of --sweep tokens");
  command->add_flag("--layers", flags->layers, "Measure each linear of the first recipe alone, too");
  command->add_option("--layers-csv", flags->layers_csv, "File for that table as CSV")->needs("--layers");
  command->callback([flags] { Run(*flags); });
}

}  // namespace stampd::tools
