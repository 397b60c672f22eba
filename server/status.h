#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include <grpcpp/support/status.h>

namespace stampd::server {

/// How an error is answered.
struct Failure {
  grpc::Status status;  // with google.rpc.Status as its details: ErrorInfo, RequestInfo, and what the code asks for
  std::optional<std::chrono::milliseconds> retry_after;
};

/// The only place where exceptions become status codes; the contract's header comment lists them. What an error of our own says
/// stays in the log: a caller can't mend it, and it may name files.
Failure ToFailure(const std::exception_ptr& error, const std::string& request_id);

/// For the log: the error's own words.
std::string Describe(const std::exception_ptr& error);

}  // namespace stampd::server
