#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "server/clock.h"
#include "server/order.h"

namespace stampd::server {

/// Where a request's time went, in seconds; queue and stages add up to the total.
struct Timings {
  double queue = 0;
  double text_encode = 0;
  double denoise = 0;
  double decode = 0;
  double image_encode = 0;  // what was left of it after the last decode: earlier pictures are encoded meanwhile
  double total = 0;
};

struct Report {
  Timings timings;
  int steps = 0;
  double mean_batch_rows = 0;
};

/// A picture as it is sent.
struct FinishedImage {
  std::string data;
  ImageFormat format = ImageFormat::kPng;
  int width = 0;  // of a latent: in latents
  int height = 0;
  std::uint64_t seed = 0;
  int index = 0;
  std::string sha256;  // of data
};

/// What a job tells the call that waits for it. OnAccepted is first; OnSucceeded or OnFailed is last, exactly once, and after it
/// the job touches its listener no more. OnProgress and OnPreview may come at the same time from two threads; none may block.
class JobListener {
 public:
  using Eta = std::optional<std::chrono::duration<double>>;

  virtual ~JobListener() = default;
  /// `ahead`: requests before this one. `eta`: until done; absent while nothing is known.
  virtual void OnAccepted(int ahead, Eta eta) = 0;
  virtual void OnProgress(int step, int total, Eta eta) = 0;
  virtual void OnPreview(int step, FinishedImage image) = 0;
  virtual void OnImage(FinishedImage image) = 0;
  virtual void OnSucceeded(const Order& order, const Report& report) = 0;
  virtual void OnFailed(std::exception_ptr error) = 0;
};

/// One admitted order. Its fields but the stop flag belong to whichever thread works on it: first the scheduler's worker, then its
/// encoder.
struct Job {
  Job(Order order_, Time deadline_, JobListener& listener_) : order(std::move(order_)), deadline(deadline_), listener(listener_) {}

  enum class Stop { kNone, kCancelled, kShutdown };

  /// Any thread; the first reason stays.
  void RequestStop(Stop why);

  /// Throws Cancelled, DeadlinePassed or ShuttingDown if nobody waits for this job any more.
  void ThrowIfStopped(Time now) const;

  const Order order;
  const Time deadline;
  JobListener& listener;

  Time accepted;
  Time stage_began;
  Report report;
  int steps_of_all_pictures = 0;
  std::exception_ptr error;

 private:
  std::atomic<Stop> stop_ = Stop::kNone;
};

}  // namespace stampd::server
