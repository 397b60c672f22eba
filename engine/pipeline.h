#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/precision.h"

namespace stampd {

struct LoadOptions {
  std::filesystem::path folder;  // a diffusers pipeline folder: model_index.json and one folder per component
  /// What requests can be painted in, the default first. At most one may be a floating-point type, in which then everything that is
  /// not quantized computes as well (else bf16). Empty: the checkpoint's own, if it was prepared quantized; else bf16.
  std::vector<Precision> precisions;
  /// How weights that were not prepared are quantized: a preset's name or a JSON file (quant/recipe_json.h). Empty: the preset that
  /// belongs to the precision.
  std::string recipe;
  std::string device = "cpu";
  /// Component name ("transformer", "vae", …) to a folder that replaces the pipeline's own.
  std::map<std::string, std::filesystem::path> components;
  /// The text that stands before each positive prompt, for families that were trained with one. Empty: the file that the checkpoint
  /// holds, if it does (instruction.h).
  std::filesystem::path instruction;
};

/// What a picture may be asked for; zero, empty and absent mean the model's default (`ModelInfo`).
struct Request {
  std::string prompt;           // UTF-8
  std::string negative_prompt;  // UTF-8; used where guidance is above 1
  int width = 0;                // pixels
  int height = 0;
  int steps = 0;
  std::optional<double> guidance_scale;  // 1 and below: no guidance, one forward a step instead of two
  std::uint64_t seed = 0;                // of the first picture; picture i has seed + i
  int num_images = 1;
  std::optional<Precision> precision;          // one of ModelInfo::precisions
  std::string scheduler;                       // one of ModelInfo::schedulers
  std::optional<bool> clean_caption;           // strip URLs, markup and the like from the prompts before tokenizing
  std::optional<bool> use_resolution_binning;  // paint at the nearest size that the model was trained on, then resize and crop
};

/// Facts, defaults and limits of a loaded model. Limits are inclusive.
struct ModelInfo {
  std::string family;                   // the pipeline's class: "PixArtSigmaPipeline"
  std::string digest;                   // SHA-256, 64 hex digits; see io::ModelDigest
  std::vector<Precision> precisions;    // that requests can have; the first is the default
  std::int64_t parameters = 0;          // of the transformer
  std::int64_t resident_bytes = 0;      // of all weights held in memory
  std::vector<std::string> schedulers;  // the first is the default, as the checkpoint configures it
  int default_width = 0, default_height = 0;
  int min_side = 0, max_side = 0;  // pixels
  std::int64_t max_pixels = 0;     // width times height
  int size_multiple = 0;           // with use_resolution_binning off, both sides must divide by it
  int default_steps = 0, max_steps = 0;
  double default_guidance_scale = 0, max_guidance_scale = 0;
  int max_prompt_tokens = 0;  // longer prompts are cut, as the reference does
  /// The model was trained with an instruction before its prompts, and there is none: pictures follow their prompts less well.
  bool lacks_instruction = false;
  bool default_clean_caption = false;
  bool default_use_resolution_binning = false;
  int latent_channels = 0;
  int latent_factor = 0;  // pixels per latent, on each side
};

/// A finished picture or a latent, as plain bytes without padding.
struct Picture {
  enum class Kind {
    kRgb8,       // uint8, height x width x 3
    kLatentF32,  // float32 little-endian, channels x height x width, before the VAE and its scaling; sides in latents
  };
  Kind kind = Kind::kRgb8;
  int width = 0;
  int height = 0;
  int channels = 3;
  std::vector<std::uint8_t> bytes;
};

/// One picture in the making: latents, text context and solver state. Made by Begin, advanced by Step, used up by Finish.
/// Not thread-safe; different samples may be used by different threads.
class Sample {
 public:
  virtual ~Sample() = default;
  virtual int step() const = 0;  // denoising steps done
  virtual int total_steps() const = 0;
  bool done() const { return step() == total_steps(); }
  virtual int rows() const = 0;  // forwards a step costs: 2 with guidance, else 1
  virtual std::uint64_t seed() const = 0;
};

/// Threads of the one pool that all pipelines of the process compute with; 0: one per core. Call it before the first Load.
void UseThreads(int count);

/// One checkpoint on one device: turns a prompt into an image, a denoising step at a time.
///
/// An interface, so that a server can be tested on a pipeline without a network. Immutable and thread-safe once loaded.
class Pipeline {
 public:
  virtual ~Pipeline() = default;

  /// Throws Broken, naming file, tensor, expected and found, if the checkpoint can't be trusted or is not one that stampd hosts.
  static std::unique_ptr<Pipeline> Load(const LoadOptions& options);

  virtual const ModelInfo& info() const = 0;

  /// Everything wrong with `request`, each with field, value and range; costs no model work.
  virtual std::vector<FieldViolation> Check(const Request& request) const = 0;

  /// Cleans and encodes the prompts and draws the noise: one sample per picture asked for, which share the encoded prompts.
  /// Throws BadRequest with what Check found.
  virtual std::vector<std::unique_ptr<Sample>> Begin(const Request& request) const = 0;

  /// One denoising step for each sample, in one packed forward. Samples may differ in size, step, step count, guidance and text;
  /// a sample's result is byte-identical whatever it is packed with. None may be done; none may appear twice.
  virtual void Step(std::span<Sample* const> samples) const = 0;

  /// Decodes a sample: kRgb8 of the size asked for, or the latent as it is. The sample must be done.
  virtual Picture Finish(const Sample& sample, Picture::Kind kind) const = 0;

  /// A rough picture of what the sample is going to be, by a linear map of the denoised latent; no VAE. Its longer side is at most
  /// `max_side` pixels (0: one pixel per latent). Before the first step it shows the noise.
  virtual Picture Preview(const Sample& sample, int max_side) const = 0;
};

}  // namespace stampd
