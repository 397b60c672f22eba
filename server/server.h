#pragma once

#include <chrono>
#include <memory>

#include "server/config.h"
#include "server/hosted_model.h"
#include "server/log.h"

namespace stampd::server {

/// The running program without its command line: gRPC, health, reflection, metrics, and the scheduler behind them.
/// Serving from construction; then BeginDrain, WaitUntilIdle, Stop. The destructor stops what was not.
class Server {
 public:
  /// Throws std::runtime_error if an address can't be bound. `log` must outlive the server.
  Server(const Config& config, HostedModels models, Log& log);
  ~Server();

  Endpoint grpc_endpoint() const;
  Endpoint metrics_endpoint() const;

  /// Health becomes NOT_SERVING, then new requests are refused with UNAVAILABLE. What was admitted goes on.
  void BeginDrain();

  /// True as soon as everything admitted is answered; false after `timeout`.
  bool WaitUntilIdle(std::chrono::milliseconds timeout);

  /// Answers what is left with UNAVAILABLE, and closes all connections.
  void Stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Every connection is a file descriptor, and Debian's gRPC stops accepting for ever once they have run out: take all we may have.
void RaiseFileDescriptorLimit();

}  // namespace stampd::server
