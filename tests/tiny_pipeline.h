#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/pipeline.h"
#include "tests/temporary_folder.h"

namespace stampd::testing {

/// The checkpoint in tests/data/pipeline, whose transformer is 32 channels wide; `recipe` as LoadOptions'.
inline LoadOptions TinyOptions(std::vector<Precision> precisions, std::string recipe = {}) {
  return {.folder = "tests/data/pipeline",
          .precisions = std::move(precisions),
          .recipe = std::move(recipe),
          .components = {{"tokenizer", "tests/data/tokenizer"}}};
}

/// What tests/reference/make_pipeline.py asked diffusers for.
inline Request TinyRequest(int width, int height, int steps, std::uint64_t seed) {
  return {.prompt = "A small red cactus with a happy face in the desert",
          .negative_prompt = "blurry, grey",
          .width = width,
          .height = height,
          .steps = steps,
          .seed = seed,
          .clean_caption = false,
          .use_resolution_binning = false};
}

/// All steps for one sample.
inline void RunAlone(const Pipeline& pipeline, Sample& sample) {
  Sample* const one = &sample;
  while (!sample.done()) pipeline.Step({&one, 1});
}

/// The finished latent of the request's first picture, as bytes.
inline std::vector<std::uint8_t> PaintLatent(const Pipeline& pipeline, const Request& request) {
  const auto samples = pipeline.Begin(request);
  RunAlone(pipeline, *samples.front());
  return pipeline.Finish(*samples.front(), Picture::Kind::kLatentF32).bytes;
}

/// Fields of `stamp-w4a4` for 32 channels, which the preset's Hadamard blocks of 64 don't divide; `more` goes on with `, "key": …`.
inline std::string NarrowRecipe(const std::string& more = {}) {
  return R"({"quant_method": "stamp", "version": 1, "name": "narrow", "hadamard_block": 32)" + more + "}";
}

/// A recipe as a file, while it lives.
class RecipeFile {
 public:
  explicit RecipeFile(const std::string& json = NarrowRecipe()) : path_(folder_.Write("recipe.json", json)) {}
  std::string path() const { return path_.string(); }

 private:
  TemporaryFolder folder_;
  std::filesystem::path path_;
};

}  // namespace stampd::testing
