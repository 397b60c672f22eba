// Calls that end early: cancelled, late, too many, and a server that goes away.
#include <thread>

#include "google/rpc/error_details.pb.h"
#include "tests/server/gate.h"
#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

using Verb = FakePipeline::Verb;

/// Holds the worker in a step, so that calls pile up behind it.
class StopTest : public ServerTest {
 protected:
  StopTest() {
    fake_->before = [this](Verb verb, const Request&) {
      if (verb == Verb::kStep) gate_.Pass();
    };
  }
  ~StopTest() override { gate_.Open(); }

  bool QueueHolds(int waiting) {
    return Eventually([&] { return Metric(R"(stampd_queue_requests{model="fake"})") == waiting; });
  }

  Gate gate_;
};

TEST_F(StopTest, ACancelledCallStopsAtTheNextStep) {
  grpc::ClientContext context;
  v1::GenerateResponse response;
  std::thread call([&] { EXPECT_EQ(stub().Generate(&context, RequestFor("a", 100), &response).error_code(), grpc::CANCELLED); });
  ASSERT_TRUE(gate_.WaitForArrival());
  context.TryCancel();
  call.join();
  // The server learns of it from the connection, some microseconds later; no step may begin after that.
  std::this_thread::sleep_for(Milliseconds(200));
  gate_.Open();
  EXPECT_TRUE(Eventually([&] { return Metric(R"(stampd_requests_total{code="CANCELLED",method="Generate",model="fake"})") == 1; }));
  EXPECT_EQ(fake_->steps_run(), 1);
  EXPECT_EQ(Metric(R"(stampd_denoise_steps_total{model="fake",precision="bf16",use="wasted"})"), 1);
}

TEST_F(StopTest, ALateCallStopsAtTheNextStep) {
  const Answer answer = Generate(RequestFor("a", 100), [](grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + Milliseconds(300));
  });
  EXPECT_EQ(answer.status.error_code(), grpc::DEADLINE_EXCEEDED);
  std::this_thread::sleep_for(Milliseconds(100));
  gate_.Open();
  EXPECT_TRUE(
      Eventually([&] { return Metric(R"(stampd_requests_total{code="DEADLINE_EXCEEDED",method="Generate",model="fake"})") == 1; }));
  EXPECT_EQ(fake_->steps_run(), 1);
}

TEST_F(StopTest, ADeadlineOfOneMillisecondEndsTheCallInTime) {
  auto first = GenerateLater(RequestFor("first"));
  ASSERT_TRUE(gate_.WaitForArrival());
  const auto began = std::chrono::steady_clock::now();
  const Answer answer = Generate(RequestFor("late"), [](grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + Milliseconds(1));
  });
  EXPECT_EQ(answer.status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_LT(std::chrono::steady_clock::now() - began, Milliseconds(5000));
  std::this_thread::sleep_for(Milliseconds(50));  // on the wire a deadline is a rounded time to live
  gate_.Open();
  EXPECT_TRUE(first.get().status.ok());
  EXPECT_EQ(fake_->begun(), std::vector<std::string>{"first"});
}

TEST_F(StopTest, ACancelledCallLeavesTheQueueAtOnce) {
  auto first = GenerateLater(RequestFor("first"));
  ASSERT_TRUE(gate_.WaitForArrival());
  grpc::ClientContext context;
  v1::GenerateResponse response;
  std::thread call([&] { EXPECT_EQ(stub().Generate(&context, RequestFor("second"), &response).error_code(), grpc::CANCELLED); });
  EXPECT_TRUE(QueueHolds(1));
  context.TryCancel();
  call.join();
  EXPECT_TRUE(QueueHolds(0));
  gate_.Open();
  EXPECT_TRUE(first.get().status.ok());
  EXPECT_EQ(fake_->begun(), std::vector<std::string>{"first"});
}

TEST_F(StopTest, AFullQueueRefusesAndSaysWhenToComeBack) {
  config_.limits.max_queue = 2;
  std::vector<std::future<Answer>> answers;
  answers.push_back(GenerateLater(RequestFor("0")));
  ASSERT_TRUE(gate_.WaitForArrival());
  for (int i = 1; i <= 2; ++i) {
    answers.push_back(GenerateLater(RequestFor(std::to_string(i))));
    ASSERT_TRUE(QueueHolds(i));
  }
  const Answer refused = Generate(RequestFor("too many"));
  EXPECT_EQ(refused.status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(refused.status).reason(), "QUEUE_FULL");
  EXPECT_EQ(DetailOf<google::rpc::QuotaFailure>(refused.status).violations(0).subject(), "queue");
  EXPECT_EQ(DetailOf<google::rpc::RetryInfo>(refused.status).retry_delay().seconds(), 1);
  EXPECT_EQ(refused.trailers.find("grpc-retry-pushback-ms")->second, "1000");
  gate_.Open();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().status.ok());
  EXPECT_EQ(fake_->begun(), (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(StopTest, StreamSaysHowManyAreAhead) {
  auto first = GenerateLater(RequestFor("first"));
  ASSERT_TRUE(gate_.WaitForArrival());
  grpc::ClientContext context;
  const auto reader = stub().GenerateStream(&context, RequestFor("second"));
  v1::GenerateEvent event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.accepted().queue_position(), 1);
  EXPECT_FALSE(event.accepted().has_eta());
  gate_.Open();
  while (reader->Read(&event)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(StopTest, DrainFinishesWhatWasAdmittedAndRefusesTheRest) {
  std::vector<std::future<Answer>> admitted;
  admitted.push_back(GenerateLater(RequestFor("a")));
  ASSERT_TRUE(gate_.WaitForArrival());
  for (int i = 1; i <= 10; ++i) admitted.push_back(GenerateLater(RequestFor("a")));
  ASSERT_TRUE(QueueHolds(10));
  server().BeginDrain();
  const Answer refused = Generate(RequestFor("new"));
  EXPECT_EQ(refused.status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(refused.status).reason(), "SHUTTING_DOWN");
  EXPECT_EQ(DetailOf<google::rpc::RetryInfo>(refused.status).retry_delay().seconds(), 1);
  EXPECT_FALSE(server().WaitUntilIdle(Milliseconds(10)));
  gate_.Open();
  EXPECT_TRUE(server().WaitUntilIdle(Milliseconds(10000)));
  server().Stop();
  for (auto& answer : admitted) EXPECT_TRUE(answer.get().status.ok());
}

TEST_F(StopTest, WhatTheGracePeriodDoesNotReachIsAnsweredToo) {
  std::vector<std::future<Answer>> admitted;
  admitted.push_back(GenerateLater(RequestFor("a", 100)));
  ASSERT_TRUE(gate_.WaitForArrival());
  for (int i = 1; i <= 5; ++i) admitted.push_back(GenerateLater(RequestFor("a", 100)));
  ASSERT_TRUE(QueueHolds(5));
  server().BeginDrain();
  std::thread stop([&] { server().Stop(); });
  EXPECT_TRUE(QueueHolds(0));
  gate_.Open();
  stop.join();
  for (auto& answer : admitted) {
    const grpc::Status status = answer.get().status;
    EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
    EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).reason(), "SHUTTING_DOWN");
  }
  EXPECT_LE(fake_->steps_run(), 2);
}

}  // namespace
}  // namespace stampd::server
