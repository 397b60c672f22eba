#include "engine/pipeline.h"

#include <future>

#include <ATen/Parallel.h>
#include <malloc.h>

#include "engine/diffusion_pipeline.h"
#include "engine/io/checkpoint.h"
#include "engine/io/digest.h"
#include "engine/models/registry.h"

namespace stampd {
namespace {

torch::ScalarType DtypeOf(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return torch::kFloat32;
    case Precision::kBf16:
      return torch::kBFloat16;
    case Precision::kFp16:
      return torch::kFloat16;
  }
  throw Broken("[pipeline] unknown precision");
}

torch::Device DeviceOf(const std::string& name) {
  if (name != "cpu") throw Broken("[pipeline] device: expected cpu, found " + name);
  return torch::kCPU;
}

}  // namespace

void UseThreads(int count) {
  if (count > 0) at::set_num_threads(count);
}

std::unique_ptr<Pipeline> Pipeline::Load(const LoadOptions& options) {
  const io::Checkpoint checkpoint = io::Checkpoint::Open(options.folder, options.components);
  const Family& family = FindFamily(checkpoint.pipeline_class());
  // Reading every byte for the digest takes about as long as loading; the two share the page cache.
  std::future<std::string> digest = std::async(std::launch::async, [&] { return io::ModelDigest(checkpoint); });

  DiffusionPipeline::Parts parts;
  parts.family = &family;
  parts.precision = options.precision.value_or(Precision::kBf16);
  parts.device = DeviceOf(options.device);
  const torch::ScalarType dtype = DtypeOf(parts.precision);
  parts.samplers = samplers::MakeSamplers(io::Config::Read(checkpoint.Get("scheduler").folder / "scheduler_config.json"));
  auto tokenizer = text::T5Tokenizer::Load(checkpoint.Get("tokenizer").folder);
  auto text_encoder = models::LoadTextEncoder(checkpoint.Get("text_encoder"), dtype, parts.device);
  if (tokenizer->vocabulary() > text_encoder->vocabulary()) {
    throw Broken("[pipeline] tokenizer and text_encoder: expected at most " + std::to_string(text_encoder->vocabulary()) +
                 " ids, found " + std::to_string(tokenizer->vocabulary()));
  }
  parts.prompts = std::make_unique<PromptEncoder>(std::move(tokenizer), std::move(text_encoder), family.max_prompt_tokens);
  parts.denoiser = models::LoadDenoiser(checkpoint.Get("transformer"), dtype, parts.device);
  parts.autoencoder = models::LoadAutoencoder(checkpoint.Get("vae"), dtype, parts.device);
  parts.digest = digest.get();
  malloc_trim(0);  // converting and packing weights leaves holes of their size in the heap
  return std::make_unique<DiffusionPipeline>(std::move(parts));
}

}  // namespace stampd
