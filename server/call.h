#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>

#include <grpcpp/server_context.h>

#include "server/clock.h"
#include "server/hosted_model.h"
#include "server/job.h"
#include "server/limits.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/scheduler.h"
#include "stampd/v1/text_to_image.pb.h"

namespace stampd::server {

/// What every call needs of the server; outlives all calls.
struct ServiceParts {
  const HostedModels& models;
  const Limits& limits;
  const Clock& clock;
  Scheduler& scheduler;
  Metrics& metrics;
  Log& log;
  std::function<std::uint64_t()> draw_number;  // any thread; 64 random bits
};

/// The part of a call that is the same whichever way it answers: its name, its deadline, its line in log and metrics.
class Call {
 public:
  /// Takes the request id from the request, the metadata `x-request-id`, or thin air, whichever is right first.
  Call(const ServiceParts& parts, Method method, grpc::CallbackServerContext* context, const grpc::ByteBuffer& request);

  /// Throws BadRequest if the bytes were no request, and what convert and the scheduler throw.
  std::shared_ptr<Job> Submit(JobListener& listener);

  /// Counts and logs the call's end and returns the status to finish it with. Exactly one of the two, before the answer goes out.
  grpc::Status Succeeded(const Report& report);
  grpc::Status Failed(const std::exception_ptr& error);

  const std::string& request_id() const { return request_id_; }

 private:
  void Read(const grpc::ByteBuffer& bytes);
  void Close(grpc::StatusCode code, LogFields more);
  Time Deadline() const;

  const ServiceParts& parts_;
  const Method method_;
  grpc::CallbackServerContext* const context_;
  const Time came_;
  v1::GenerateRequest request_;
  std::exception_ptr unreadable_;  // why the bytes are no request
  std::string request_id_;
  std::string model_;  // its hosted name, or "unknown"
};

}  // namespace stampd::server
