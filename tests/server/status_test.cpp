#include "server/status.h"

#include <new>

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/quote.h"
#include "server/refusal.h"
#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

template <typename Error>
Failure Fail(const Error& error) {
  return ToFailure(std::make_exception_ptr(error), "the id");
}

TEST(StatusTest, EveryErrorHasItsCodeAndReason) {
  const auto expect = [](const Failure& failure, grpc::StatusCode code, const std::string& reason) {
    EXPECT_EQ(failure.status.error_code(), code) << reason;
    EXPECT_EQ(DetailsOf(failure.status).code(), code);
    EXPECT_EQ(DetailsOf(failure.status).message(), failure.status.error_message());
    EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(failure.status).reason(), reason);
    EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(failure.status).domain(), "stampd");
    EXPECT_EQ(DetailOf<google::rpc::RequestInfo>(failure.status).request_id(), "the id");
  };
  expect(Fail(BadRequest("steps", "x")), grpc::INVALID_ARGUMENT, "BAD_REQUEST");
  expect(Fail(BeyondLimit("steps", "x")), grpc::OUT_OF_RANGE, "BEYOND_LIMIT");
  expect(Fail(UnknownModel("m", "x")), grpc::NOT_FOUND, "UNKNOWN_MODEL");
  expect(Fail(PrecisionNotLoaded("m", "x")), grpc::FAILED_PRECONDITION, "PRECISION_NOT_LOADED");
  expect(Fail(QueueFull("x", std::chrono::milliseconds(1500))), grpc::RESOURCE_EXHAUSTED, "QUEUE_FULL");
  expect(Fail(NoCapacity("x")), grpc::RESOURCE_EXHAUSTED, "NO_CAPACITY");
  expect(Fail(std::bad_alloc()), grpc::RESOURCE_EXHAUSTED, "NO_CAPACITY");
  expect(Fail(ShuttingDown("x")), grpc::UNAVAILABLE, "SHUTTING_DOWN");
  expect(Fail(Cancelled("x")), grpc::CANCELLED, "CANCELLED");
  expect(Fail(DeadlinePassed("x")), grpc::DEADLINE_EXCEEDED, "DEADLINE_PASSED");
  expect(Fail(Broken("x")), grpc::INTERNAL, "BROKEN");
  expect(Fail(std::logic_error("x")), grpc::INTERNAL, "BROKEN");
}

TEST(StatusTest, OnlyWhatMayWorkLaterSaysWhen) {
  EXPECT_EQ(Fail(QueueFull("x", std::chrono::milliseconds(1500))).retry_after, std::chrono::milliseconds(1500));
  const auto info = DetailOf<google::rpc::RetryInfo>(Fail(QueueFull("x", std::chrono::milliseconds(1500))).status);
  EXPECT_EQ(info.retry_delay().seconds(), 1);
  EXPECT_EQ(info.retry_delay().nanos(), 500'000'000);
  EXPECT_TRUE(Fail(ShuttingDown("x")).retry_after);
  EXPECT_FALSE(Fail(BadRequest("f", "d")).retry_after);
  EXPECT_FALSE(Fail(Broken("x")).retry_after);
}

TEST(StatusTest, UnknownModelIsNamed) {
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(Fail(UnknownModel("m", "x")).status).resource_name(), "m");
}

// More than 8 KiB of trailers, and a client drops the whole answer.
TEST(StatusTest, EvenTheLongestAnswerFitsIntoTrailers) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 20; ++i) violations.push_back({"field" + std::to_string(i), std::string(130, 'x')});
  const grpc::Status status = Fail(BadRequest(violations)).status;
  EXPECT_LT(status.error_details().size() * 4 / 3 + 3 * status.error_message().size(), 8192u - 512);
}

TEST(QuoteTest, CutsLongTextAtACharacter) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "\xe2\x82\xac";  // 3 bytes each: 40 is inside the fourteenth
  std::string kept;
  for (int i = 0; i < 13; ++i) kept += "\xe2\x82\xac";
  EXPECT_EQ(Quote(text), "'" + kept + "…'");
}

TEST(QuoteTest, ShowsControlCharactersAsHex) { EXPECT_EQ(Quote(std::string("a\n\0\x7f", 4)), R"('a\x0a\x00\x7f')"); }

}  // namespace
}  // namespace stampd::server
