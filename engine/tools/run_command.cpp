#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/error.h"
#include "engine/image/image_codec.h"
#include "engine/pipeline.h"
#include "engine/tools/commands.h"
#include "engine/tools/component_flags.h"
#include "engine/tools/write_file.h"

namespace stampd::tools {
namespace {

constexpr int kQuality = 90;

struct RunFlags {
  LoadOptions load;
  std::vector<std::string> components;
  std::string precision;
  Request request;
  std::optional<double> guidance_scale;
  std::string size;
  std::filesystem::path output;
};

ImageFormat FormatOf(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  if (extension == ".png") return ImageFormat::kPng;
  if (extension == ".jpg" || extension == ".jpeg") return ImageFormat::kJpeg;
  if (extension == ".webp") return ImageFormat::kWebp;
  if (extension == ".latent") return ImageFormat::kLatentF32;
  throw BadRequest("--output", "expected a file ending in .png, .jpg, .webp or .latent, found " + file.string());
}

void ParseSize(const std::string& size, Request& request) {
  if (size.empty()) return;
  int end = 0;
  if (std::sscanf(size.c_str(), "%6dx%6d%n", &request.width, &request.height, &end) != 2 || end != static_cast<int>(size.size())) {
    throw BadRequest("--size", "expected WIDTHxHEIGHT in pixels, found " + size);
  }
}

class Stopwatch {
 public:
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> lap = now - last_;
    last_ = now;
    return lap.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void Paint(RunFlags flags) {
  const ImageFormat format = FormatOf(flags.output);
  ParseSize(flags.size, flags.request);
  flags.load.components = ParseComponents(flags.components);
  if (!flags.precision.empty()) {
    const auto precisions = ParsePrecisions(flags.precision);
    if (!precisions) throw BadRequest("--precision", "expected one of " + PrecisionNames() + ", found " + flags.precision);
    flags.load.precisions = *precisions;
  }
  flags.request.guidance_scale = flags.guidance_scale;

  Stopwatch watch;
  const std::unique_ptr<Pipeline> pipeline = Pipeline::Load(flags.load);
  std::printf("loaded in %.2f s: %s, %s, %.0f MB of weights\n", watch.Lap(), pipeline->info().family.c_str(),
              std::string(Name(pipeline->info().precisions.front())).c_str(),
              static_cast<double>(pipeline->info().resident_bytes) * 1e-6);
  const std::vector<std::unique_ptr<Sample>> samples = pipeline->Begin(flags.request);
  std::printf("prompt encoded in %.2f s\n", watch.Lap());
  Sample* const sample = samples.front().get();
  while (!sample->done()) {
    pipeline->Step({&sample, 1});
    std::printf("step %d of %d in %.2f s\n", sample->step(), sample->total_steps(), watch.Lap());
    std::fflush(stdout);
  }
  const auto kind = format == ImageFormat::kLatentF32 ? Picture::Kind::kLatentF32 : Picture::Kind::kRgb8;
  const Picture picture = pipeline->Finish(*sample, kind);
  std::printf("decoded in %.2f s\n", watch.Lap());

  WriteFile(flags.output, EncodePicture(picture, format, kQuality));
  std::printf("%s: %dx%d, seed %llu\n", flags.output.c_str(), picture.width, picture.height,
              static_cast<unsigned long long>(sample->seed()));
}

}  // namespace

void AddRun(CLI::App& program) {
  CLI::App* command = program.add_subcommand("run", "Paint one picture without a server");
  const auto flags = std::make_shared<RunFlags>();
  Request& request = flags->request;
  command->add_option("dir", flags->load.folder, "Checkpoint: a diffusers pipeline folder")->required();
  command->add_option("prompt", request.prompt, "What to paint")->required();
  command->add_option("-o,--output", flags->output, "File to write: .png, .jpg, .webp, or .latent (float32, channels first)")
      ->required();
  command->add_option("--negative", request.negative_prompt, "What to stay away from");
  command->add_option("--steps", request.steps, "Denoising steps; 0: the model's default");
  command->add_option("--guidance", flags->guidance_scale, "Guidance scale; default: the model's");
  command->add_option("--size", flags->size, "WIDTHxHEIGHT in pixels; default: the model's");
  command->add_option("--seed", request.seed, "Of the noise")->capture_default_str();
  command->add_option("--scheduler", request.scheduler, "dpmsolver++ or euler; default: the checkpoint's");
  command->add_option("--precision", flags->precision,
                      "One of " + PrecisionNames() + "; default: bf16, or as the weights were prepared");
  command->add_option("--recipe", flags->load.recipe,
                      "How to quantize: a preset's name or a JSON file; default: the precision's preset");
  command->add_option("--component", flags->components, "NAME=DIR: a component from another folder (repeatable)");
  command->add_option("--instruction", flags->load.instruction,
                      "Text before the prompt, for models trained with one; default: the checkpoint's, if it has it");
  command->add_flag("--clean-caption,!--no-clean-caption", request.clean_caption, "Clean the prompts; default: the model's");
  command->add_flag("--resolution-binning,!--no-resolution-binning", request.use_resolution_binning,
                    "Paint at a size that the model was trained on, then crop; default: the model's");
  command->callback([flags] { Paint(*flags); });
}

}  // namespace stampd::tools
