#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/io/checkpoint.h"
#include "engine/layers/quantization.h"
#include "engine/pipeline.h"
#include "engine/tools/measure/prompts.h"

namespace stampd::tools {

/// Paints prompts in full precision and shows what every linear over image tokens sees.
class Capture {
 public:
  /// `request`: all but prompt and seed.
  Capture(const io::Checkpoint& checkpoint, torch::ScalarType dtype, Request request);
  ~Capture();

  /// Called for each linear of each forward, in the network's order, by the observer's name; `step` counts from 0.
  using See = std::function<void(int step, const std::string& name, const layers::LinearCall& call)>;
  void Paint(const Prompt& prompt, const See& see);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stampd::tools
