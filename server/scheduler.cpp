#include "server/scheduler.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/job_run.h"
#include "server/refusal.h"

namespace stampd::server {
namespace {

using namespace std::chrono_literals;

// Pictures that may wait for encoding before denoising waits for them.
constexpr std::size_t kMaxUnencoded = 16;

}  // namespace

Scheduler::Scheduler(int max_queue, const Clock& clock, Metrics& metrics)
    : max_queue_(max_queue), clock_(clock), metrics_(metrics), encoder_(kMaxUnencoded), worker_([this] { Work(); }) {}

Scheduler::~Scheduler() {
  Close();
  StopAll();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  work_or_close_.notify_all();
  worker_.join();
}

std::shared_ptr<Job> Scheduler::Submit(Order order, Time deadline, JobListener& listener) {
  auto job = std::make_shared<Job>(std::move(order), deadline, listener);
  job->accepted = clock_.Now();
  job->ThrowIfStopped(job->accepted);
  int ahead = 0;
  JobListener::Eta eta;
  {
    const std::lock_guard lock(mutex_);
    ahead = waiting_ + busy_;
    Admit(job);
    if (mean_run_ > 0s) eta = (ahead + 1) * mean_run_;
  }
  listener.OnAccepted(ahead, eta);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(job);
  }
  work_or_close_.notify_one();
  return job;
}

void Scheduler::Admit(const std::shared_ptr<Job>& job) {
  if (closed_) throw ShuttingDown("the server is shutting down and takes no new requests");
  // The running job counts until its worker is free, so that admission does not depend on how fast a thread wakes up.
  if (waiting_ + busy_ > max_queue_) {
    throw QueueFull(
        "the queue is full: " + std::to_string(waiting_) + " requests wait, at most " + std::to_string(max_queue_) + " may",
        std::chrono::ceil<std::chrono::milliseconds>(RetryAfter()));
  }
  unanswered_.insert(job);
  ++waiting_;
  metrics_.WaitingChanged(job->order.model->name, 1);
}

void Scheduler::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_or_close_.wait(lock, [&] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    --waiting_;
    busy_ = true;
    metrics_.WaitingChanged(job->order.model->name, -1);
    metrics_.RunningChanged(job->order.model->name, 1);
    lock.unlock();
    JobRun(std::move(job), clock_, metrics_, encoder_, [this](const std::shared_ptr<Job>& ended) { End(ended); }).Run();
    lock.lock();
    busy_ = false;
  }
}

// On the encoder's thread.
void Scheduler::End(const std::shared_ptr<Job>& job) {
  metrics_.RunningChanged(job->order.model->name, -1);
  if (!job->error) LearnFrom(std::chrono::duration<double>(job->report.timings.total - job->report.timings.queue));
  Answer(job);
}

void Scheduler::Answer(const std::shared_ptr<Job>& job) {
  if (job->error) {
    job->listener.OnFailed(job->error);
  } else {
    job->listener.OnSucceeded(job->order, job->report);
  }
  {
    const std::lock_guard lock(mutex_);
    unanswered_.erase(job);
  }
  answered_.notify_all();
}

// A queued job is answered here; a running one is seen to by its worker.
void Scheduler::Stop(const std::shared_ptr<Job>& job, Job::Stop why) {
  job->RequestStop(why);
  if (!TakeFromQueue(job)) return;
  try {
    job->ThrowIfStopped(clock_.Now());
  } catch (...) {
    job->error = std::current_exception();
  }
  Answer(job);
}

bool Scheduler::TakeFromQueue(const std::shared_ptr<Job>& job) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(queue_.begin(), queue_.end(), job);
  if (found == queue_.end()) return false;
  queue_.erase(found);
  --waiting_;
  metrics_.WaitingChanged(job->order.model->name, -1);
  return true;
}

void Scheduler::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

bool Scheduler::WaitUntilIdle(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return answered_.wait_for(lock, timeout, [&] { return unanswered_.empty(); });
}

void Scheduler::StopAll() {
  std::vector<std::shared_ptr<Job>> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.assign(unanswered_.begin(), unanswered_.end());
  }
  for (const auto& job : jobs) job->RequestStop(Job::Stop::kShutdown);  // all, before the first is answered
  for (const auto& job : jobs) Stop(job, Job::Stop::kShutdown);
}

// Until one place in the queue is free: about one run.
std::chrono::duration<double> Scheduler::RetryAfter() const {
  return mean_run_ > 0s ? std::clamp<std::chrono::duration<double>>(mean_run_, 0.05s, 60s) : std::chrono::duration<double>(1s);
}

void Scheduler::LearnFrom(std::chrono::duration<double> run) {
  constexpr double kNewest = 0.2;
  const std::lock_guard lock(mutex_);
  mean_run_ = mean_run_ > 0s ? (1 - kNewest) * mean_run_ + kNewest * run : run;
}

}  // namespace stampd::server
