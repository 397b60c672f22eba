#include "client/interrupt.h"

#include <cstdlib>
#include <utility>

namespace stampd::client {

Interrupt::Interrupt(std::function<void()> on_signal) : on_signal_(std::move(on_signal)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
  watcher_ = std::thread(&Interrupt::Watch, this);
}

Interrupt::~Interrupt() {
  closing_ = true;
  pthread_kill(watcher_.native_handle(), SIGINT);
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

void Interrupt::Watch() {
  while (true) {
    int signal = 0;
    sigwait(&signals_, &signal);
    if (closing_) return;
    if (signal_ != 0) std::_Exit(128 + signal);
    signal_ = signal;
    on_signal_();
  }
}

}  // namespace stampd::client
