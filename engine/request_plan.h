#pragma once

#include <vector>

#include "engine/base/error.h"
#include "engine/pipeline.h"

namespace stampd {

/// A size in pixels.
struct Size {
  int width = 0;
  int height = 0;

  bool operator==(const Size&) const = default;
};

/// A request with every default filled in: what will really be done.
struct RequestPlan {
  Size size;     // of the picture that the caller gets
  Size painted;  // of the picture that the network paints; another where the size is binned
  int steps = 0;
  double guidance_scale = 0;
  int sampler = 0;  // index into ModelInfo::schedulers
  bool clean_caption = false;
  /// Whether the negative prompt is run beside the prompt. At 1 and below guidance changes nothing; embedded, it needs no second
  /// run.
  bool guided = false;
};

/// Everything wrong with `request` for the model that `info` describes. Pure.
std::vector<FieldViolation> CheckRequest(const ModelInfo& info, const Request& request);

/// Pure. `request` must have passed CheckRequest.
RequestPlan PlanRequest(const ModelInfo& info, const Request& request);

}  // namespace stampd
