#include "client/report_error.h"

#include <cstdio>

#include <google/protobuf/util/time_util.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

namespace stampd::client {
namespace {

std::string CodeName(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return "OK";
    case grpc::StatusCode::CANCELLED:
      return "CANCELLED";
    case grpc::StatusCode::INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::NOT_FOUND:
      return "NOT_FOUND";
    case grpc::StatusCode::ALREADY_EXISTS:
      return "ALREADY_EXISTS";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "UNAUTHENTICATED";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::StatusCode::FAILED_PRECONDITION:
      return "FAILED_PRECONDITION";
    case grpc::StatusCode::ABORTED:
      return "ABORTED";
    case grpc::StatusCode::OUT_OF_RANGE:
      return "OUT_OF_RANGE";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc::StatusCode::INTERNAL:
      return "INTERNAL";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    case grpc::StatusCode::DATA_LOSS:
      return "DATA_LOSS";
    default:
      return "UNKNOWN";
  }
}

std::string Line(const std::string& text) { return "  " + text + "\n"; }

std::string Seconds(const google::protobuf::Duration& duration) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g s",
                static_cast<double>(google::protobuf::util::TimeUtil::DurationToMilliseconds(duration)) / 1000);
  return text;
}

std::string Describe(const google::rpc::BadRequest& bad) {
  std::string text;
  for (const auto& violation : bad.field_violations()) text += Line(violation.field() + ": " + violation.description());
  return text;
}

std::string Describe(const google::rpc::RetryInfo& retry) { return Line("retry in " + Seconds(retry.retry_delay())); }

std::string Describe(const google::rpc::ResourceInfo& resource) {
  return Line("missing " + resource.resource_type() + ": " + resource.resource_name());
}

std::string Describe(const google::rpc::RequestInfo& request) { return Line("request id: " + request.request_id()); }

// The detail's lines if it is a Detail.
template <typename Detail>
std::string DescribeIf(const google::protobuf::Any& any) {
  Detail detail;
  return any.UnpackTo(&detail) ? Describe(detail) : "";
}

std::string DescribeDetails(const std::string& bytes) {
  google::rpc::Status rich;
  if (!rich.ParseFromString(bytes)) return "";
  std::string text;
  for (const google::protobuf::Any& any : rich.details()) {
    text += DescribeIf<google::rpc::BadRequest>(any) + DescribeIf<google::rpc::RetryInfo>(any) +
            DescribeIf<google::rpc::ResourceInfo>(any) + DescribeIf<google::rpc::RequestInfo>(any);
  }
  return text;
}

// The server's own errors always carry details; gRPC's, about a connection that failed, never do.
bool IsUnreachable(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty();
}

}  // namespace

ExitCode ExitCodeOf(const Outcome& outcome) {
  if (outcome.status.ok()) return ExitCode::kOk;
  if (outcome.signal != 0) return static_cast<ExitCode>(128 + outcome.signal);
  if (outcome.status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return ExitCode::kLate;
  return IsUnreachable(outcome.status) ? ExitCode::kUnreachable : ExitCode::kFailed;
}

std::string DescribeError(const Outcome& outcome, const std::string& address) {
  if (outcome.signal != 0) return "stamp: interrupted\n";
  const grpc::Status& status = outcome.status;
  if (IsUnreachable(status)) return "stamp: cannot reach a server at " + address + ": " + status.error_message() + "\n";
  return "stamp: " + CodeName(status.error_code()) + ": " + status.error_message() + "\n" + DescribeDetails(status.error_details());
}

}  // namespace stampd::client
