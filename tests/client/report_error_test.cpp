#include "client/report_error.h"

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include "tests/client/fake_service.h"

namespace stampd::client {
namespace {

using grpc::StatusCode;

google::rpc::RequestInfo RequestId() {
  google::rpc::RequestInfo info;
  info.set_request_id("7f3a");
  return info;
}

TEST(ReportErrorTest, EveryWrongFieldHasALine) {
  google::rpc::BadRequest bad;
  for (const auto& [field, description] :
       {std::pair{"width", "500, expected a multiple of 8"}, {"steps", "-1, expected 1 to 100"}}) {
    bad.add_field_violations()->set_field(field);
    bad.mutable_field_violations()->rbegin()->set_description(description);
  }
  const auto request = RequestId();
  EXPECT_EQ(DescribeError({RichStatus(StatusCode::INVALID_ARGUMENT, "2 fields are wrong", {&bad, &request})}, "host:1"),
            "stamp: INVALID_ARGUMENT: 2 fields are wrong\n"
            "  width: 500, expected a multiple of 8\n"
            "  steps: -1, expected 1 to 100\n"
            "  request id: 7f3a\n");
}

TEST(ReportErrorTest, ABusyServerSaysWhenToComeBack) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  EXPECT_EQ(DescribeError({RichStatus(StatusCode::RESOURCE_EXHAUSTED, "the queue is full", {&retry})}, "host:1"),
            "stamp: RESOURCE_EXHAUSTED: the queue is full\n"
            "  retry in 2.5 s\n");
}

TEST(ReportErrorTest, AMissingModelIsNamed) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_type("model");
  resource.set_resource_name("nosuch");
  EXPECT_EQ(DescribeError({RichStatus(StatusCode::NOT_FOUND, "no such model", {&resource})}, "host:1"),
            "stamp: NOT_FOUND: no such model\n"
            "  missing model: nosuch\n");
}

TEST(ReportErrorTest, DetailsThatAreNoStatusAreLeftOut) {
  EXPECT_EQ(DescribeError({grpc::Status(StatusCode::INTERNAL, "oh", "\xff\xff")}, "host:1"), "stamp: INTERNAL: oh\n");
}

TEST(ReportErrorTest, AnUnreachableServerIsNamed) {
  EXPECT_EQ(DescribeError({grpc::Status(StatusCode::UNAVAILABLE, "refused")}, "host:1"),
            "stamp: cannot reach a server at host:1: refused\n");
}

TEST(ReportErrorTest, ExitCodesTellFailuresApart) {
  const auto request = RequestId();
  EXPECT_EQ(ExitCodeOf({grpc::Status::OK}), ExitCode::kOk);
  EXPECT_EQ(ExitCodeOf({grpc::Status(StatusCode::INVALID_ARGUMENT, "")}), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf({grpc::Status(StatusCode::UNAVAILABLE, "refused")}), ExitCode::kUnreachable);
  EXPECT_EQ(ExitCodeOf({RichStatus(StatusCode::UNAVAILABLE, "shutting down", {&request})}), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf({grpc::Status(StatusCode::DEADLINE_EXCEEDED, "")}), ExitCode::kLate);
}

TEST(ReportErrorTest, ASignalIsTheReasonOfACancelledCall) {
  const Outcome outcome{grpc::Status(StatusCode::CANCELLED, ""), 2};
  EXPECT_EQ(ExitCodeOf(outcome), ExitCode::kInterrupted);
  EXPECT_EQ(DescribeError(outcome, "host:1"), "stamp: interrupted\n");
  EXPECT_EQ(ExitCodeOf({grpc::Status(StatusCode::CANCELLED, ""), 15}), ExitCode::kTerminated);
}

TEST(ReportErrorTest, ASignalThatCameTooLateChangesNothing) { EXPECT_EQ(ExitCodeOf({grpc::Status::OK, 2}), ExitCode::kOk); }

}  // namespace
}  // namespace stampd::client
