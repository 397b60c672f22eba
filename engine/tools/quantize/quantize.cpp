#include "engine/tools/quantize/quantize.h"

#include <fstream>
#include <regex>
#include <sstream>
#include <vector>

#include "engine/base/error.h"
#include "engine/io/checkpoint.h"
#include "engine/io/config.h"
#include "engine/io/tensor_archive.h"
#include "engine/layers/quantization.h"
#include "engine/models/registry.h"
#include "engine/quant/recipe_json.h"
#include "engine/tools/measure/calibrate.h"
#include "engine/tools/quantize/prepared_weights.h"
#include "engine/tools/write_file.h"

namespace stampd::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigKey = "quantization_config";

// What a recipe can be for.
struct Kind {
  std::string_view component;
  const char* flag;  // that names the recipe
  const char* stem;  // of its weight files
  void (*load)(const io::Component& component, const layers::Quantization& quantization);
};

constexpr Kind kKinds[] = {
    {"transformer", "--recipe", "diffusion_pytorch_model",
     [](const io::Component& component, const layers::Quantization& quantization) {
       models::LoadDenoiser(component, torch::kBFloat16, torch::kCPU, &quantization);
     }},
    {"text_encoder", "--text-recipe", "model",
     [](const io::Component& component, const layers::Quantization& quantization) {
       models::LoadTextEncoder(component, torch::kBFloat16, torch::kCPU, &quantization);
     }},
};

// A component on its way, all of it checked.
struct Job {
  const Kind& kind;
  const io::Component& component;
  const quant::Recipe& recipe;
  std::string config;  // its new config.json
};

void MakeEmptyFolder(const fs::path& folder) {
  fs::create_directories(folder);
  if (!fs::is_empty(folder)) throw Broken("[quantize] " + folder.string() + ": expected an empty folder, found files in it");
}

std::string ReadFile(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

// The config as it is, but for the recipe: what we don't know in it stays.
std::string ConfigWith(const quant::Recipe& recipe, const fs::path& file) {
  static const std::regex kNull(R"("quantization_config"\s*:\s*null)");
  std::string text = ReadFile(file);
  const std::string member = "\"quantization_config\": " + quant::ToJson(recipe);
  std::smatch null;
  if (!io::Config::Read(file).Has(kConfigKey)) {
    text.resize(text.find_last_not_of(" \t\r\n", text.find_last_of('}') - 1) + 1);
    text.append(text.back() == '{' ? "" : ",").append("\n  ").append(member).append("\n}\n");
  } else if (std::regex_search(text, null, kNull)) {  // in its place: not every reader takes two members of one name
    text.replace(null.position(), null.length(), member);
  }
  if (!io::Config::Parse(text, file.string()).IsObject(kConfigKey)) {
    throw Broken("[quantize] " + file.string() + ": quantization_config: expected null or none, found something else");
  }
  return text;
}

std::vector<Job> PlanJobs(const io::Checkpoint& checkpoint, const ComponentRecipes& recipes) {
  std::vector<Job> jobs;
  for (const Kind& kind : kKinds) {
    const auto recipe = recipes.find(std::string(kind.component));
    if (recipe == recipes.end()) continue;
    const io::Component& component = checkpoint.Get(kind.component);
    if (io::Config::Read(component.folder / "config.json").IsObject(kConfigKey)) {
      throw Broken("[quantize] " + component.folder.string() + ": expected a " + component.name +
                   " that is not quantized, found one that is");
    }
    jobs.push_back({kind, component, recipe->second, ConfigWith(recipe->second, component.folder / "config.json")});
  }
  return jobs;
}

QuantizeReport Run(const Job& job, const layers::ActivationMaxima& maxima, const fs::path& folder) {
  fs::create_directories(folder);
  PreparedWeights weights(folder / "scratch");
  job.kind.load(job.component, {.recipe = &job.recipe, .maxima = &maxima, .sink = &weights});
  const QuantizeReport report = weights.Finish(*io::TensorArchive::Open(job.component.folder, job.kind.stem),
                                               (folder / job.kind.stem).concat(".safetensors"));
  WriteFile(folder / "config.json", job.config);
  return report;
}

void CopyOtherParts(const io::Checkpoint& checkpoint, const ComponentRecipes& recipes, const fs::path& output) {
  for (const io::Component& component : checkpoint.components()) {
    if (!recipes.contains(component.name)) fs::copy(component.folder, output / component.name, fs::copy_options::recursive);
  }
  fs::copy_file(checkpoint.folder() / "model_index.json", output / "model_index.json");  // last: without it the folder is none
}

void CheckRecipes(const QuantizeOptions& options, const ComponentRecipes& recipes) {
  if (recipes.empty()) throw BadRequest("--recipe", "expected one for the transformer or the text encoder, found none for both");
  if (options.transformer_only && (recipes.size() > 1 || !recipes.contains("transformer"))) {
    throw BadRequest("--transformer-only", "expected a recipe for the transformer alone, found others");
  }
  const auto text = recipes.find("text_encoder");
  if (text != recipes.end() && Smooths(text->second)) {
    throw BadRequest("--text-recipe",
                     "expected a recipe that does not smooth, as nothing calibrates text encoders; found " + text->second.name);
  }
}

void CheckPrompts(const QuantizeOptions& options, const ComponentRecipes& recipes) {
  const auto transformer = recipes.find("transformer");
  const bool smooths = transformer != recipes.end() && Smooths(transformer->second);
  if (smooths && options.prompts.empty()) {
    throw BadRequest("--prompts", "expected a file of prompts to calibrate on, as the recipe " + transformer->second.name +
                                      " smooths; found none");
  }
  if (!smooths && !options.prompts.empty()) {
    const std::string recipe = transformer == recipes.end() ? "no transformer is quantized"
                                                            : "the recipe " + transformer->second.name + " does not smooth";
    throw BadRequest("--prompts", "expected none: " + recipe + " and needs no calibration; found " +
                                      std::to_string(options.prompts.size()) + " prompts");
  }
}

layers::ActivationMaxima Calibrate(const io::Checkpoint& checkpoint, const QuantizeOptions& options) {
  if (options.prompts.empty()) return {};
  return MeasureMaxima(checkpoint, torch::kFloat32, options.request, options.prompts, options.progress);
}

}  // namespace

std::map<std::string, QuantizeReport> Quantize(const QuantizeOptions& options, const ComponentRecipes& recipes) {
  CheckRecipes(options, recipes);
  CheckPrompts(options, recipes);
  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.folder, options.components);
  const std::vector<Job> jobs = PlanJobs(checkpoint, recipes);
  MakeEmptyFolder(options.output);
  const layers::ActivationMaxima maxima = Calibrate(checkpoint, options);
  std::map<std::string, QuantizeReport> reports;
  for (const Job& job : jobs) {
    const fs::path folder = options.transformer_only ? options.output : options.output / job.component.name;
    reports.emplace(job.component.name, Run(job, maxima, folder));
  }
  if (!options.transformer_only) CopyOtherParts(checkpoint, recipes, options.output);
  return reports;
}

}  // namespace stampd::tools
