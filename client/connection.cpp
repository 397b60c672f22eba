#include "client/connection.h"

#include <chrono>

#include "client/interrupt.h"

namespace stampd::client {
namespace {

std::unique_ptr<v1::TextToImage::Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  // The server bounds what a picture may be; gRPC's own 4 MiB is too small for a large PNG.
  arguments.SetMaxReceiveMessageSize(-1);
  return v1::TextToImage::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

void SetDeadline(grpc::ClientContext& context, double seconds) {
  const auto timeout = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double>(seconds));
  context.set_deadline(std::chrono::system_clock::now() + timeout);
}

}  // namespace

Outcome Run(const ServerOptions& server, const Call& call) {
  const BlockedSignals signals;  // first: gRPC makes threads
  grpc::ClientContext context;
  if (server.timeout_seconds) SetDeadline(context, *server.timeout_seconds);
  const Interrupt interrupt(signals, [&context] { context.TryCancel(); });
  const auto stub = Connect(server.address);
  grpc::Status status = call(*stub, context);
  return {std::move(status), interrupt.signal()};
}

}  // namespace stampd::client
