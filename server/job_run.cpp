#include "server/job_run.h"

#include <span>
#include <utility>

#include "engine/io/digest.h"
#include "server/image_metadata.h"

namespace stampd::server {
namespace {

constexpr OutputOptions kPreviewOutput{ImageFormat::kJpeg, 80, false};

FinishedImage Encode(const Order& order, const OutputOptions& output, const Picture& picture, std::uint64_t seed, int index) {
  std::string data = EncodePicture(picture, output.format, output.quality);
  if (output.embed_metadata) data = EmbedMetadata(data, order, picture.width, picture.height, seed);
  std::string sha256 = io::Sha256(std::as_bytes(std::span(data)));
  return {std::move(data), output.format, picture.width, picture.height, seed, index, std::move(sha256)};
}

}  // namespace

void JobRun::Run() {
  job_->stage_began = clock_.Now();
  job_->report.timings.queue = Seconds(job_->stage_began - job_->accepted);
  metrics_.LeftQueue(model(), job_->report.timings.queue);
  std::exception_ptr error;
  try {
    Paint();
  } catch (...) {
    error = std::current_exception();
  }
  // From here on the encoder's thread owns the job.
  encoder_.Post([job = job_, &metrics = metrics_, &clock = clock_, end = end_, error] {
    if (!job->error) job->error = error;
    if (!job->error) {
      const Time now = clock.Now();
      job->report.timings.image_encode = Seconds(now - job->stage_began);
      job->report.timings.total = Seconds(now - job->accepted);
      metrics.StageDone(job->order.model->name, Stage::kImageEncode, job->report.timings.image_encode);
    }
    metrics.StepsUsed(job->order.model->name, *job->order.request.precision, job->steps_of_all_pictures, !job->error);
    end(job);
  });
}

void JobRun::Paint() {
  job_->ThrowIfStopped(clock_.Now());
  const Samples samples = pipeline().Begin(job_->order.request);
  job_->report.timings.text_encode = CloseStage(Stage::kTextEncode);
  Denoise(samples);
  job_->report.timings.denoise = CloseStage(Stage::kDenoise);
  Decode(samples);
  job_->report.timings.decode = CloseStage(Stage::kDecode);
}

void JobRun::Denoise(const Samples& samples) {
  std::vector<Sample*> batch;
  int rows = 0;
  for (const auto& sample : samples) {
    batch.push_back(sample.get());
    rows += sample->rows();
  }
  job_->report.mean_batch_rows = rows;
  const Time began = clock_.Now();
  Time step_began = began;
  while (!samples.front()->done()) {
    job_->ThrowIfStopped(step_began);
    pipeline().Step(batch);
    const Time now = clock_.Now();
    metrics_.StepDone(model(), precision(), Seconds(now - step_began));
    job_->report.steps = samples.front()->step();
    job_->steps_of_all_pictures = job_->report.steps * static_cast<int>(samples.size());
    Tell(samples, began);
    step_began = clock_.Now();
  }
}

void JobRun::Tell(const Samples& samples, Time began) {
  const int step = samples.front()->step();
  const int total = samples.front()->total_steps();
  job_->listener.OnProgress(step, total, (clock_.Now() - began) / step * (total - step));
  const Order& order = job_->order;
  if (order.preview_every == 0 || step % order.preview_every != 0) return;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EncodePreview(pipeline().Preview(*samples[i], order.preview_side), step, samples[i]->seed(), static_cast<int>(i));
  }
}

void JobRun::Decode(const Samples& samples) {
  const bool wants_latent = job_->order.output.format == ImageFormat::kLatentF32;
  const Picture::Kind kind = wants_latent ? Picture::Kind::kLatentF32 : Picture::Kind::kRgb8;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    job_->ThrowIfStopped(clock_.Now());
    EncodeImage(pipeline().Finish(*samples[i], kind), samples[i]->seed(), static_cast<int>(i));
  }
}

// Left out if the encoder is behind: the next one will be better anyway.
void JobRun::EncodePreview(Picture picture, int step, std::uint64_t seed, int index) {
  encoder_.TryPost([job = job_, picture = std::move(picture), step, seed, index] {
    if (job->error) return;
    try {
      job->listener.OnPreview(step, Encode(job->order, kPreviewOutput, picture, seed, index));
    } catch (...) {
      job->error = std::current_exception();
    }
  });
}

void JobRun::EncodeImage(Picture picture, std::uint64_t seed, int index) {
  encoder_.Post([job = job_, &metrics = metrics_, &clock = clock_, picture = std::move(picture), seed, index] {
    if (job->error) return;
    try {
      job->ThrowIfStopped(clock.Now());
      FinishedImage image = Encode(job->order, job->order.output, picture, seed, index);
      metrics.ImageMade(job->order.model->name, image.format, image.data.size());
      job->listener.OnImage(std::move(image));
    } catch (...) {
      job->error = std::current_exception();
    }
  });
}

double JobRun::CloseStage(Stage stage) {
  const Time now = clock_.Now();
  const double seconds = Seconds(now - job_->stage_began);
  job_->stage_began = now;
  metrics_.StageDone(model(), stage, seconds);
  return seconds;
}

}  // namespace stampd::server
