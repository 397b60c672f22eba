#include "engine/family.h"

#include <array>
#include <string>

#include "engine/base/error.h"

namespace stampd {
namespace {

constexpr std::array kFamilies = {
    Family{.pipeline_class = "PixArtSigmaPipeline", .default_clean_caption = true, .noise_in_text_dtype = true},
    Family{.pipeline_class = "SanaPipeline", .reads_instruction = true},
    Family{.pipeline_class = "SanaSprintPipeline", .default_steps = 2, .reads_instruction = true},
};

}  // namespace

const Family& FindFamily(std::string_view pipeline_class) {
  std::string hosted;
  for (const Family& family : kFamilies) {
    if (family.pipeline_class == pipeline_class) return family;
    hosted += (hosted.empty() ? "" : ", ") + std::string(family.pipeline_class);
  }
  throw Broken("[pipeline] model_index.json: _class_name: expected one of " + hosted + ", found " + std::string(pipeline_class));
}

}  // namespace stampd
