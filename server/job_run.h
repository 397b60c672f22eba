#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "server/background_thread.h"
#include "server/clock.h"
#include "server/job.h"
#include "server/metrics.h"

namespace stampd::server {

/// Takes one job through the engine's verbs: Begin, Step until done, Finish. Between them it looks whether anybody still waits.
/// Encoding goes to `encoder`, so that the worker is free for the next job; whatever happens, the last thing posted there is the
/// end.
class JobRun {
 public:
  using End = std::function<void(std::shared_ptr<Job>)>;  // called on the encoder with job->error set if it failed

  JobRun(std::shared_ptr<Job> job, const Clock& clock, Metrics& metrics, BackgroundThread& encoder, End end)
      : job_(std::move(job)), clock_(clock), metrics_(metrics), encoder_(encoder), end_(std::move(end)) {}

  /// Blocks for as long as the engine works.
  void Run();

 private:
  using Samples = std::vector<std::unique_ptr<Sample>>;

  void Paint();
  void Denoise(const Samples& samples);
  void Tell(const Samples& samples, Time began);
  void Decode(const Samples& samples);
  void EncodePreview(Picture picture, int step, std::uint64_t seed, int index);
  void EncodeImage(Picture picture, std::uint64_t seed, int index);
  double CloseStage(Stage stage);

  const Pipeline& pipeline() const { return *job_->order.model->pipeline; }
  const std::string& model() const { return job_->order.model->name; }
  Precision precision() const { return *job_->order.request.precision; }

  std::shared_ptr<Job> job_;
  const Clock& clock_;
  Metrics& metrics_;
  BackgroundThread& encoder_;
  End end_;
};

}  // namespace stampd::server
