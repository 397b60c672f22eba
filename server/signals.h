#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace stampd::server {

/// SIGTERM and SIGINT, taken in a thread of its own. Make it before any other thread, so that all of them leave the signals to it.
/// Until Arm, a signal ends the program at once: while models load there is nothing to lose.
class Signals {
 public:
  Signals();
  ~Signals();

  void Arm() { armed_ = true; }

  /// How many have come since Arm.
  int count() const { return count_; }

  /// Returns once one has come.
  void Wait();

 private:
  void Run();

  std::atomic<bool> armed_ = false;
  std::atomic<bool> ending_ = false;
  std::atomic<int> count_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::thread thread_;
};

}  // namespace stampd::server
