#include "engine/pipeline.h"

#include <algorithm>
#include <future>

#include <ATen/Parallel.h>
#include <malloc.h>

#include "engine/diffusion_pipeline.h"
#include "engine/fp16_range.h"
#include "engine/instruction.h"
#include "engine/io/checkpoint.h"
#include "engine/io/digest.h"
#include "engine/layers/quantization.h"
#include "engine/models/registry.h"
#include "engine/recipe_source.h"

namespace stampd {
namespace {

torch::ScalarType DtypeOf(Precision precision) {
  if (precision == Precision::kFp32) return torch::kFloat32;
  if (precision == Precision::kFp16) return torch::kFloat16;
  return torch::kBFloat16;
}

// What all that is not quantized computes in: the one floating-point precision that was asked for, or else bf16.
torch::ScalarType PlainDtype(const std::vector<Precision>& precisions) {
  const auto plain = [](Precision precision) { return !IsQuantized(precision); };
  if (std::ranges::count_if(precisions, plain) > 1) {
    throw BadRequest("precision", "expected at most one of fp32, bf16 and fp16, found more");
  }
  const auto found = std::ranges::find_if(precisions, plain);
  return found == precisions.end() ? torch::kBFloat16 : DtypeOf(*found);
}

torch::Device DeviceOf(const std::string& name) {
  if (name != "cpu") throw Broken("[pipeline] device: expected cpu, found " + name);
  return torch::kCPU;
}

// As its folder says: quantized where its weights were prepared, else in `dtype`.
std::unique_ptr<models::TextEncoder> LoadTextEncoder(const io::Component& component, torch::ScalarType dtype,
                                                     torch::Device device) {
  const std::optional<quant::Recipe> recipe = ReadPrepared(component.folder);
  const layers::Quantization quantization{.recipe = recipe ? &*recipe : nullptr};
  return models::LoadTextEncoder(component, dtype, device, &quantization);
}

std::unique_ptr<const PromptEncoder> LoadPrompts(const io::Checkpoint& checkpoint, const Family& family, const LoadOptions& options,
                                                 torch::ScalarType dtype, torch::Device device) {
  std::string instruction;
  if (family.reads_instruction) {
    instruction = ReadInstruction(checkpoint, options.instruction);
  } else if (!options.instruction.empty()) {
    throw BadRequest("instruction", "expected none for a " + std::string(family.pipeline_class) + ", which reads prompts alone");
  }
  auto tokenizer = text::LoadTokenizer(checkpoint.Get("tokenizer"));
  auto text_encoder = LoadTextEncoder(checkpoint.Get("text_encoder"), dtype, device);
  if (tokenizer->vocabulary() > text_encoder->vocabulary()) {
    throw Broken("[pipeline] tokenizer and text_encoder: expected at most " + std::to_string(text_encoder->vocabulary()) +
                 " ids, found " + std::to_string(tokenizer->vocabulary()));
  }
  return std::make_unique<PromptEncoder>(std::move(tokenizer), std::move(text_encoder), family.max_prompt_tokens,
                                         std::move(instruction));
}

}  // namespace

void UseThreads(int count) {
  if (count > 0) at::set_num_threads(count);
}

DiffusionPipeline::Parts LoadParts(const io::Checkpoint& checkpoint, const LoadOptions& options, torch::ScalarType dtype) {
  DiffusionPipeline::Parts parts;
  parts.family = &FindFamily(checkpoint.pipeline_class());
  parts.device = DeviceOf(options.device);
  parts.samplers = samplers::MakeSamplers(io::Config::Read(checkpoint.Get("scheduler").folder / "scheduler_config.json"));
  parts.prompts = LoadPrompts(checkpoint, *parts.family, options, dtype, parts.device);
  parts.autoencoder = models::LoadAutoencoder(checkpoint.Get("vae"), dtype, parts.device);
  return parts;
}

std::unique_ptr<Pipeline> Pipeline::Load(const LoadOptions& options) {
  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.folder, options.components);
  FindFamily(checkpoint.pipeline_class());  // before anything large is read
  const RecipeSource recipes(checkpoint.Get("transformer").folder, options.recipe);
  const std::vector<Precision> precisions = options.precisions.empty() ? recipes.DefaultPrecisions() : options.precisions;
  const torch::ScalarType dtype = PlainDtype(precisions);
  if (dtype == torch::kFloat16 && !options.force_fp16) CheckFp16Range(checkpoint.Get("transformer"));
  // Reading every byte for the digest takes about as long as loading; the two share the page cache.
  std::future<std::string> digest = std::async(std::launch::async, [&] { return io::ModelDigest(checkpoint); });

  DiffusionPipeline::Parts parts = LoadParts(checkpoint, options, dtype);
  for (const Precision precision : precisions) {
    const std::optional<quant::Recipe> recipe = recipes.For(precision);
    const layers::Quantization quantization{.recipe = recipe ? &*recipe : nullptr};
    parts.variants.push_back({precision, models::LoadDenoiser(checkpoint.Get("transformer"), dtype, parts.device, &quantization)});
  }
  parts.digest = digest.get();
  malloc_trim(0);  // converting and packing weights leaves holes of their size in the heap
  return std::make_unique<DiffusionPipeline>(std::move(parts));
}

}  // namespace stampd
