#include "server/signals.h"

#include <cstdlib>

#include <signal.h>

namespace stampd::server {
namespace {

sigset_t Handled() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t handled = Handled();
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a reader that hangs up is a failed write, not the end of the program
  thread_ = std::thread([this] { Run(); });
}

Signals::~Signals() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void Signals::Wait() {
  std::unique_lock lock(mutex_);
  came_.wait(lock, [&] { return count_ > 0; });
}

void Signals::Run() {
  const sigset_t handled = Handled();
  for (int signal = 0; sigwait(&handled, &signal) == 0 && !ending_;) {
    if (!armed_) std::_Exit(128 + signal);
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    came_.notify_all();
  }
}

}  // namespace stampd::server
