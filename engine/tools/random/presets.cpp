#include "engine/tools/random/presets.h"

#include "engine/base/error.h"
#include "engine/tools/random/preset.h"

namespace stampd::tools {
namespace {

std::vector<Preset> All() {
  std::vector<Preset> presets = PixArtPresets();
  for (Preset& preset : SanaPresets()) presets.push_back(std::move(preset));
  return presets;
}

const std::vector<Preset>& Presets() {
  static const std::vector<Preset> presets = All();
  return presets;
}

const Preset& Find(std::string_view name) {
  std::string names;
  for (const Preset& preset : Presets()) {
    if (preset.name == name) return preset;
    names += (names.empty() ? "" : ", ") + preset.name;
  }
  throw BadRequest("preset", "expected one of " + names + ", found " + std::string(name));
}

}  // namespace

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const Preset& preset : Presets()) names.push_back(preset.name);
  return names;
}

CheckpointPlan PlanPreset(std::string_view name, TextEncoderSize text_encoder, io::DType dtype) {
  const Preset& preset = Find(name);
  if (text_encoder == TextEncoderSize::kFull && !preset.has_full_text_encoder) {
    throw BadRequest("text-encoder", "expected small, the only size of " + preset.name + ", found full");
  }
  return {.pipeline_class = preset.pipeline_class, .components = preset.components(text_encoder, dtype)};
}

}  // namespace stampd::tools
