#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/io/dtype.h"
#include "engine/tools/random/plan.h"

namespace stampd::tools {

/// kSmall: as wide at its output as the transformer asks, one layer deep. kFull: as released, T5-XXL's encoder with 4.8 billion
/// parameters or Gemma 2's with 2.6.
enum class TextEncoderSize { kSmall, kFull };

std::vector<std::string> PresetNames();

/// What a checkpoint of that shape consists of. BadRequest if there is no such preset, or if its text encoder has one size only.
CheckpointPlan PlanPreset(std::string_view name, TextEncoderSize text_encoder, io::DType dtype);

}  // namespace stampd::tools
