#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/pipeline.h"

namespace stampd::server {

/// A model without a network: one flat colour per picture, made of its seed. Deterministic. Counts its verbs; can wait in them, and
/// calls `before` first, which may throw.
class FakePipeline final : public Pipeline {
 public:
  enum class Verb { kBegin, kStep, kFinish, kPreview };

  FakePipeline();

  /// Set before the pipeline is used.
  std::chrono::milliseconds step_delay{0};
  ModelInfo facts;
  std::function<void(Verb, const Request&)> before = [](Verb, const Request&) {};

  const ModelInfo& info() const override { return facts; }
  std::vector<FieldViolation> Check(const Request& request) const override;
  std::vector<std::unique_ptr<Sample>> Begin(const Request& request) const override;
  void Step(std::span<Sample* const> samples) const override;
  Picture Finish(const Sample& sample, Picture::Kind kind) const override;
  Picture Preview(const Sample& sample, int max_side) const override;

  int steps_run() const { return steps_run_; }
  /// Prompts in the order in which Begin saw them.
  std::vector<std::string> begun() const;
  Request last_request() const;

 private:
  mutable std::atomic<int> steps_run_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<Request> begun_;
};

/// The colour that FakePipeline paints for a seed: red, green, blue.
std::vector<std::uint8_t> ColourOf(std::uint64_t seed);

}  // namespace stampd::server
