#include <thread>

#include "tests/server/gate.h"
#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

int CountOf(const std::vector<v1::GenerateEvent>& events, v1::GenerateEvent::EventCase kind) {
  return static_cast<int>(
      std::count_if(events.begin(), events.end(), [&](const auto& event) { return event.event_case() == kind; }));
}

TEST_F(ServerTest, StreamTellsAcceptedProgressImagesDone) {
  fake_->step_delay = Milliseconds(5);
  v1::GenerateRequest request = RequestFor("a", 5);
  request.set_num_images(2);
  request.set_request_id("me");
  const Stream stream = GenerateStream(request);
  ASSERT_TRUE(stream.status.ok()) << stream.status.error_message();
  const auto& events = stream.events;
  ASSERT_GE(events.size(), 5u);
  EXPECT_EQ(events.front().accepted().request_id(), "me");
  EXPECT_EQ(CountOf(events, v1::GenerateEvent::kAccepted), 1);
  EXPECT_EQ(CountOf(events, v1::GenerateEvent::kImage), 2);
  EXPECT_EQ(events.back().done().steps(), 5);
  EXPECT_EQ(events.back().done().request_id(), "me");
  EXPECT_GT(events.back().done().timings().total_seconds(), 0.02);
}

TEST_F(ServerTest, StreamedStepsRiseAndSequenceIsMonotone) {
  fake_->step_delay = Milliseconds(5);
  const Stream stream = GenerateStream(RequestFor("a", 8));
  int last_step = 0;
  for (std::size_t i = 0; i < stream.events.size(); ++i) {
    const v1::GenerateEvent& event = stream.events[i];
    if (i > 0) {
      EXPECT_GT(event.sequence(), stream.events[i - 1].sequence());
    }
    if (!event.has_progress()) continue;
    EXPECT_GT(event.progress().step(), last_step);
    EXPECT_EQ(event.progress().total(), 8);
    last_step = event.progress().step();
  }
  EXPECT_EQ(last_step, 8);
}

TEST_F(ServerTest, PreviewsComeEveryNSteps) {
  fake_->step_delay = Milliseconds(20);
  v1::GenerateRequest request = RequestFor("a", 6);
  request.mutable_preview()->set_every_n_steps(2);
  request.mutable_preview()->set_max_side(4);
  const Stream stream = GenerateStream(request);
  std::vector<int> steps;
  for (const auto& event : stream.events) {
    if (!event.has_preview()) continue;
    steps.push_back(event.preview().step());
    EXPECT_EQ(event.preview().image().format(), v1::JPEG);
    EXPECT_LE(event.preview().image().width(), 4);
  }
  EXPECT_EQ(steps, (std::vector<int>{2, 4, 6}));
}

TEST_F(ServerTest, AReaderThatLagsLosesNoImage) {
  fake_->facts.default_width = fake_->facts.default_height = 512;
  v1::GenerateRequest request = RequestFor("a", 200);
  request.set_num_images(4);
  request.mutable_output()->set_format(v1::RGB8);
  request.mutable_preview()->set_every_n_steps(1);
  grpc::ClientContext context;
  const auto reader = stub().GenerateStream(&context, request);
  EXPECT_TRUE(Eventually([&] { return fake_->steps_run() == 200; }));
  std::this_thread::sleep_for(Milliseconds(100));
  std::vector<v1::GenerateEvent> events;
  for (v1::GenerateEvent event; reader->Read(&event);) events.push_back(event);
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(CountOf(events, v1::GenerateEvent::kImage), 4);
  EXPECT_TRUE(events.back().has_done());
}

TEST_F(ServerTest, AReaderThatHangsUpStopsTheWork) {
  Gate gate;
  fake_->before = [&](FakePipeline::Verb verb, const Request&) {
    if (verb == FakePipeline::Verb::kStep) gate.Pass();
  };
  {
    grpc::ClientContext context;
    const auto reader = stub().GenerateStream(&context, RequestFor("a", 100));
    ASSERT_TRUE(gate.WaitForArrival());
    context.TryCancel();
    EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  }
  std::this_thread::sleep_for(Milliseconds(100));
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return Metric(R"(stampd_running_requests{model="fake"})") == 0; }));
  EXPECT_EQ(fake_->steps_run(), 1);
}

}  // namespace
}  // namespace stampd::server
