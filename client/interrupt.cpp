#include "client/interrupt.h"

#include <cstdlib>
#include <utility>

namespace stampd::client {

BlockedSignals::BlockedSignals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGINT);
  sigaddset(&set_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set_, &mask_before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

Interrupt::Interrupt(const BlockedSignals& signals, std::function<void()> on_signal)
    : signals_(signals), on_signal_(std::move(on_signal)), watcher_(&Interrupt::Watch, this) {}

Interrupt::~Interrupt() {
  closing_ = true;
  pthread_kill(watcher_.native_handle(), SIGINT);
  watcher_.join();
}

void Interrupt::Watch() {
  while (true) {
    int signal = 0;
    sigwait(&signals_.set(), &signal);
    if (closing_) return;
    if (signal_ != 0) std::_Exit(128 + signal);
    signal_ = signal;
    on_signal_();
  }
}

}  // namespace stampd::client
