// What a caller gets when the engine throws.
#include <new>

#include "google/rpc/error_details.pb.h"
#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

using Verb = FakePipeline::Verb;

class ErrorTest : public ServerTest, public testing::WithParamInterface<Verb> {
 protected:
  /// The engine throws for the prompt "bad", and for no other.
  template <typename Error>
  void ThrowAtVerb(Error error) {
    fake_->before = [=, verb = GetParam()](Verb now, const Request& request) {
      if (now == verb && request.prompt == "bad") throw error;
    };
  }

  /// The answer to "bad", sent between two good requests that must not notice.
  grpc::Status Answer() {
    auto before = GenerateLater(RequestFor("good"));
    const grpc::Status status = Generate(RequestFor("bad")).status;
    EXPECT_TRUE(before.get().status.ok());
    EXPECT_TRUE(Generate(RequestFor("good")).status.ok());
    return status;
  }
};

TEST_P(ErrorTest, BadRequestListsItsViolations) {
  ThrowAtVerb(BadRequest(std::vector<FieldViolation>{{"prompt", "is odd"}, {"steps", "are too many"}}));
  const grpc::Status status = Answer();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  const auto detail = DetailOf<google::rpc::BadRequest>(status);
  ASSERT_EQ(detail.field_violations_size(), 2);
  EXPECT_EQ(detail.field_violations(1).field(), "steps");
  EXPECT_EQ(detail.field_violations(1).description(), "are too many");
}

TEST_P(ErrorTest, NoCapacityIsResourceExhausted) {
  ThrowAtVerb(NoCapacity("[attention] 3 GB wanted"));
  const grpc::Status status = Answer();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).reason(), "NO_CAPACITY");
  EXPECT_EQ(DetailOf<google::rpc::QuotaFailure>(status).violations(0).subject(), "memory");
  EXPECT_EQ(DetailOf<google::rpc::RetryInfo>(status).retry_delay().seconds(), 1);
}

TEST_P(ErrorTest, LackOfMemoryIsResourceExhausted) {
  ThrowAtVerb(std::bad_alloc());
  EXPECT_EQ(Answer().error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_P(ErrorTest, BrokenIsInternalAndOnlyTheLogSaysWhy) {
  ThrowAtVerb(Broken("[checkpoint] /secret/path is gone"));
  const grpc::Status status = Answer();
  EXPECT_EQ(status.error_code(), grpc::INTERNAL);
  EXPECT_EQ(status.error_message().find("/secret"), std::string::npos);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).domain(), "stampd");
  StopServer();
  EXPECT_NE(log_text_.str().find("/secret/path is gone"), std::string::npos);
}

TEST_P(ErrorTest, WhatIsNoExceptionOfOursIsInternal) {
  ThrowAtVerb(42);
  EXPECT_EQ(Answer().error_code(), grpc::INTERNAL);
}

TEST_P(ErrorTest, EveryErrorNamesTheRequest) {
  ThrowAtVerb(Broken("x"));
  v1::GenerateRequest request = RequestFor("bad");
  request.set_request_id("call 7");
  EXPECT_EQ(DetailOf<google::rpc::RequestInfo>(Generate(request).status).request_id(), "call 7");
}

TEST_P(ErrorTest, AStreamEndsWithTheSameStatus) {
  ThrowAtVerb(NoCapacity("x"));
  EXPECT_EQ(GenerateStream(RequestFor("bad")).status.error_code(), grpc::RESOURCE_EXHAUSTED);
}

INSTANTIATE_TEST_SUITE_P(AtVerb, ErrorTest, testing::Values(Verb::kBegin, Verb::kStep, Verb::kFinish), [](const auto& info) {
  return std::string(info.param == Verb::kBegin ? "Begin" : info.param == Verb::kStep ? "Step" : "Finish");
});

}  // namespace
}  // namespace stampd::server
