#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "server/background_thread.h"
#include "server/clock.h"
#include "server/job.h"
#include "server/metrics.h"

namespace stampd::server {

/// A bounded queue, first come first served, in front of one worker thread. Whatever is admitted is answered: with pictures, or
/// with why not. Jobs that nobody waits for are dropped at once while they queue, and at the next denoising step while they run.
///
/// All functions: any thread, but not from a listener's OnProgress, OnPreview and OnImage.
class Scheduler {
 public:
  /// `max_queue`: jobs that may wait beside the one that runs. `clock` and `metrics` must outlive the scheduler.
  Scheduler(int max_queue, const Clock& clock, Metrics& metrics);

  /// Stops what is left, with an answer to each.
  ~Scheduler();

  /// Admits the order, or throws QueueFull, ShuttingDown or, if `deadline` is over, DeadlinePassed. Calls OnAccepted before it
  /// returns; what comes after that may come before it returns, too. `listener` must live until its OnSucceeded or OnFailed.
  std::shared_ptr<Job> Submit(Order order, Time deadline, JobListener& listener);

  /// The caller of this job is gone. Nothing happens if the job has ended already.
  void Cancel(const std::shared_ptr<Job>& job) { Stop(job, Job::Stop::kCancelled); }

  /// From now on Submit throws ShuttingDown.
  void Close();

  /// True as soon as everything admitted is answered; false after `timeout`.
  bool WaitUntilIdle(std::chrono::milliseconds timeout);

  /// Stops everything admitted and not yet answered, with ShuttingDown.
  void StopAll();

 private:
  using Jobs = std::unordered_set<std::shared_ptr<Job>>;

  void Admit(const std::shared_ptr<Job>& job);
  void Work();
  void Stop(const std::shared_ptr<Job>& job, Job::Stop why);
  bool TakeFromQueue(const std::shared_ptr<Job>& job);
  void End(const std::shared_ptr<Job>& job);
  void Answer(const std::shared_ptr<Job>& job);
  std::chrono::duration<double> RetryAfter() const;
  void LearnFrom(std::chrono::duration<double> run);

  const int max_queue_;
  const Clock& clock_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::condition_variable work_or_close_;
  std::condition_variable answered_;
  std::deque<std::shared_ptr<Job>> queue_;
  Jobs unanswered_;
  int waiting_ = 0;  // those in queue_, and those that are about to be there
  bool busy_ = false;
  bool closed_ = false;
  bool ending_ = false;
  std::chrono::duration<double> mean_run_{};  // zero: nothing known yet

  BackgroundThread encoder_;
  std::thread worker_;
};

}  // namespace stampd::server
