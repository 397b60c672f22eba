#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace stampd::server {

/// Runs what is posted, one after the other, in a thread of its own. The destructor runs what is left.
class BackgroundThread {
 public:
  using Task = std::function<void()>;  // must not throw

  /// `capacity`: how many tasks may wait.
  explicit BackgroundThread(std::size_t capacity) : capacity_(capacity), thread_([this] { Run(); }) {}
  ~BackgroundThread();

  /// Waits while the queue is full. Any thread but this one.
  void Post(Task task);

  /// False, and nothing posted, if the queue is full.
  bool TryPost(Task task);

 private:
  void Run();

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace stampd::server
