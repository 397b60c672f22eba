#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace stampd::client {

/// Ctrl-C and SIGTERM as an event: while this lives, the first of them calls `on_signal` in a thread of its own, where (unlike in a
/// signal handler) anything may be done. The second ends the process at once. Make it before threads that should not see
/// the signals.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> on_signal);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  /// The signal that came, or 0.
  int signal() const { return signal_; }

 private:
  void Watch();

  std::function<void()> on_signal_;
  sigset_t signals_{};
  sigset_t mask_before_{};
  std::atomic<int> signal_ = 0;
  std::atomic<bool> closing_ = false;
  std::thread watcher_;
};

}  // namespace stampd::client
