#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/grpcpp.h>

#include "stampd/v1/text_to_image.grpc.pb.h"

namespace stampd::client {

/// Where the server is, and how long to wait for its answer.
struct ServerOptions {
  std::string address = "localhost:50051";
  std::optional<double> timeout_seconds;
};

using Call = std::function<grpc::Status(v1::TextToImage::Stub&, grpc::ClientContext&)>;

/// How a call went.
struct Outcome {
  grpc::Status status;
  int signal = 0;  // that cut it short, or 0
};

/// Makes one call. Ctrl-C and SIGTERM cancel it: the server then stops working on it.
Outcome Run(const ServerOptions& server, const Call& call);

}  // namespace stampd::client
