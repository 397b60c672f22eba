#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

namespace stampd::client {

/// Keeps SIGINT (Ctrl-C) and SIGTERM from ending the process while it lives. A thread inherits what its maker had blocked: to be
/// made before any other thread is.
class BlockedSignals {
 public:
  BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals();

  const sigset_t& set() const { return set_; }

 private:
  sigset_t set_{};
  sigset_t mask_before_{};
};

/// The blocked signals as an event: the first of them calls `on_signal` in a thread of its own, where (unlike in a signal handler)
/// anything may be done. The second ends the process at once.
class Interrupt {
 public:
  Interrupt(const BlockedSignals& signals, std::function<void()> on_signal);
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  /// The signal that came, or 0.
  int signal() const { return signal_; }

 private:
  void Watch();

  const BlockedSignals& signals_;
  std::function<void()> on_signal_;
  std::atomic<int> signal_ = 0;
  std::atomic<bool> closing_ = false;
  std::thread watcher_;
};

}  // namespace stampd::client
