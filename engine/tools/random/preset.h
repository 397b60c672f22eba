#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/io/dtype.h"
#include "engine/tools/random/plan.h"
#include "engine/tools/random/presets.h"

namespace stampd::tools {

/// A checkpoint's shape by name. Components are listed only when they are asked for: large networks have thousands of tensors.
struct Preset {
  std::string name;
  std::string pipeline_class;
  bool has_full_text_encoder;
  std::function<std::vector<ComponentPlan>(TextEncoderSize, io::DType)> components;
};

std::vector<Preset> PixArtPresets();
std::vector<Preset> SanaPresets();

}  // namespace stampd::tools
