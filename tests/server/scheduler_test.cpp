// The scheduler without a network: a fake clock, a fake engine, and a listener that writes down what it is told.
#include "server/scheduler.h"

#include <future>

#include <gmock/gmock.h>

#include "server/refusal.h"
#include "tests/server/fake_pipeline.h"
#include "tests/server/gate.h"

namespace stampd::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Verb = FakePipeline::Verb;

/// Stands still until it is told.
class FakeClock final : public Clock {
 public:
  Time Now() const override { return Time(std::chrono::milliseconds(now_)); }
  void Advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = 1'000'000;
};

class Witness final : public JobListener {
 public:
  void OnAccepted(int ahead, Eta eta) override {
    Say("accepted " + std::to_string(ahead));
    eta_ = eta;
  }
  void OnProgress(int step, int total, Eta) override { Say("step " + std::to_string(step) + "/" + std::to_string(total)); }
  void OnPreview(int step, FinishedImage) override { Say("preview " + std::to_string(step)); }
  void OnImage(FinishedImage image) override { Say("image " + std::to_string(image.index)); }
  void OnSucceeded(const Order&, const Report& report) override {
    report_ = report;
    Say("succeeded");
    end_.set_value(nullptr);  // a second end would throw
  }
  void OnFailed(std::exception_ptr error) override {
    Say("failed");
    end_.set_value(error);
  }

  /// Waits for the end and rethrows its error.
  void Wait() {
    if (const std::exception_ptr error = end_.get_future().get()) std::rethrow_exception(error);
  }
  std::vector<std::string> said() const {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  const Report& report() const { return report_; }
  Eta eta() const { return eta_; }

 private:
  void Say(std::string what) {
    const std::lock_guard lock(mutex_);
    said_.push_back(std::move(what));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> said_;
  std::promise<std::exception_ptr> end_;
  Report report_;
  Eta eta_;
};

class SchedulerTest : public testing::Test {
 protected:
  Order OrderFor(int steps, int images = 1) {
    Order order;
    order.model = &models_.front();
    order.request.steps = steps;
    order.request.num_images = images;
    order.request.width = order.request.height = 16;
    order.request.guidance_scale = 4.5;
    order.request.precision = Precision::kBf16;
    order.output.format = ImageFormat::kRgb8;
    return order;
  }

  void HoldSteps() {
    fake_->before = [this](Verb verb, const Request&) {
      if (verb == Verb::kStep) gate_.Pass();
    };
  }

  std::shared_ptr<FakePipeline> fake_ = std::make_shared<FakePipeline>();
  HostedModels models_{{"fake", "cpu", fake_}};
  FakeClock clock_;
  Metrics metrics_{models_};
  Gate gate_;
};

TEST_F(SchedulerTest, RunsBeginStepsFinishInOrder) {
  Scheduler scheduler(1, clock_, metrics_);
  Witness witness;
  scheduler.Submit(OrderFor(2, 2), Time::max(), witness);
  witness.Wait();
  EXPECT_THAT(witness.said(), ElementsAre("accepted 0", "step 1/2", "step 2/2", "image 0", "image 1", "succeeded"));
  EXPECT_EQ(witness.report().steps, 2);
  EXPECT_EQ(witness.report().mean_batch_rows, 4);
}

TEST_F(SchedulerTest, MeasuresEachStageByTheClock) {
  fake_->before = [this](Verb verb, const Request&) {
    clock_.Advance(verb == Verb::kBegin ? 100ms : verb == Verb::kStep ? 10ms : 1000ms);
  };
  Scheduler scheduler(1, clock_, metrics_);
  Witness witness;
  scheduler.Submit(OrderFor(3), Time::max(), witness);
  witness.Wait();
  const Timings& t = witness.report().timings;
  EXPECT_DOUBLE_EQ(t.queue, 0);
  EXPECT_DOUBLE_EQ(t.text_encode, 0.1);
  EXPECT_DOUBLE_EQ(t.denoise, 0.03);
  EXPECT_DOUBLE_EQ(t.decode, 1);
  EXPECT_DOUBLE_EQ(t.image_encode, 0);
  EXPECT_DOUBLE_EQ(t.total, 1.13);
}

TEST_F(SchedulerTest, TimeInTheQueueCounts) {
  HoldSteps();
  Scheduler scheduler(1, clock_, metrics_);
  Witness first, second;
  scheduler.Submit(OrderFor(1), Time::max(), first);
  ASSERT_TRUE(gate_.WaitForArrival());
  scheduler.Submit(OrderFor(1), Time::max(), second);
  clock_.Advance(250ms);
  gate_.Open();
  second.Wait();
  EXPECT_DOUBLE_EQ(second.report().timings.queue, 0.25);
  EXPECT_EQ(second.said().front(), "accepted 1");
}

TEST_F(SchedulerTest, ADeadlineThatIsOverIsRefusedAtOnce) {
  Scheduler scheduler(1, clock_, metrics_);
  Witness witness;
  EXPECT_THROW(scheduler.Submit(OrderFor(1), clock_.Now(), witness), DeadlinePassed);
  EXPECT_TRUE(fake_->begun().empty());
}

TEST_F(SchedulerTest, ADeadlineIsSeenBetweenSteps) {
  fake_->before = [this](Verb, const Request&) { clock_.Advance(10ms); };
  Scheduler scheduler(1, clock_, metrics_);
  Witness witness;
  scheduler.Submit(OrderFor(100), clock_.Now() + 35ms, witness);
  EXPECT_THROW(witness.Wait(), DeadlinePassed);
  EXPECT_EQ(fake_->steps_run(), 3);  // Begin ends at 10, the steps at 20, 30 and 40
}

TEST_F(SchedulerTest, ADeadlineThatPassesInTheQueueCostsNoWork) {
  HoldSteps();
  Scheduler scheduler(1, clock_, metrics_);
  Witness first, second;
  scheduler.Submit(OrderFor(1), Time::max(), first);
  ASSERT_TRUE(gate_.WaitForArrival());
  scheduler.Submit(OrderFor(1), clock_.Now() + 10ms, second);
  clock_.Advance(10ms);
  gate_.Open();
  EXPECT_THROW(second.Wait(), DeadlinePassed);
  EXPECT_EQ(fake_->begun().size(), 1u);
}

TEST_F(SchedulerTest, QueuesUpToItsLimitHoweverFastCallsCome) {
  HoldSteps();
  Scheduler scheduler(3, clock_, metrics_);
  std::vector<std::unique_ptr<Witness>> witnesses;
  for (int i = 0; i < 4; ++i) {  // one runs, three wait
    witnesses.push_back(std::make_unique<Witness>());
    scheduler.Submit(OrderFor(1), Time::max(), *witnesses.back());
  }
  Witness refused;
  EXPECT_THROW(scheduler.Submit(OrderFor(1), Time::max(), refused), QueueFull);
  EXPECT_TRUE(refused.said().empty());
  gate_.Open();
  for (auto& witness : witnesses) witness->Wait();
}

TEST_F(SchedulerTest, LearnsHowLongARunTakes) {
  fake_->before = [this](Verb verb, const Request&) {
    if (verb == Verb::kStep) clock_.Advance(500ms);
  };
  Scheduler scheduler(1, clock_, metrics_);
  Witness first, second;
  scheduler.Submit(OrderFor(4), Time::max(), first);
  first.Wait();
  EXPECT_FALSE(first.eta());
  scheduler.Submit(OrderFor(4), Time::max(), second);
  second.Wait();
  ASSERT_TRUE(second.eta());
  EXPECT_GE(second.eta()->count(), 2);  // twice that, if the worker has not let go of the first yet
}

TEST_F(SchedulerTest, EncodingDoesNotHoldUpTheNextRequest) {
  Scheduler scheduler(1, clock_, metrics_);
  Gate encoding;
  class SlowReader final : public JobListener {
   public:
    explicit SlowReader(Gate& gate) : gate_(gate) {}
    void OnAccepted(int, Eta) override {}
    void OnProgress(int, int, Eta) override {}
    void OnPreview(int, FinishedImage) override {}
    void OnImage(FinishedImage) override { gate_.Pass(); }
    void OnSucceeded(const Order&, const Report&) override {}
    void OnFailed(std::exception_ptr) override {}

   private:
    Gate& gate_;
  };
  SlowReader slow(encoding);
  Witness next;
  scheduler.Submit(OrderFor(1), Time::max(), slow);
  ASSERT_TRUE(encoding.WaitForArrival());
  scheduler.Submit(OrderFor(5), Time::max(), next);
  for (int i = 0; i < 1000 && fake_->steps_run() < 6; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(fake_->steps_run(), 6);
  encoding.Open();
  next.Wait();
}

TEST_F(SchedulerTest, TheDestructorAnswersWhatIsLeft) {
  HoldSteps();
  Witness running, queued;
  std::thread opener;
  {
    Scheduler scheduler(1, clock_, metrics_);
    scheduler.Submit(OrderFor(100), Time::max(), running);
    ASSERT_TRUE(gate_.WaitForArrival());
    scheduler.Submit(OrderFor(100), Time::max(), queued);
    opener = std::thread([&] {
      EXPECT_THROW(queued.Wait(), ShuttingDown);
      gate_.Open();
    });
  }
  opener.join();
  EXPECT_THROW(running.Wait(), ShuttingDown);
  EXPECT_EQ(fake_->steps_run(), 1);
}

TEST_F(SchedulerTest, CancelAfterTheEndDoesNothing) {
  Scheduler scheduler(1, clock_, metrics_);
  Witness witness;
  const auto job = scheduler.Submit(OrderFor(1), Time::max(), witness);
  witness.Wait();
  EXPECT_TRUE(scheduler.WaitUntilIdle(10s));
  scheduler.Cancel(job);
  EXPECT_EQ(witness.said().back(), "succeeded");
}

TEST_F(SchedulerTest, EverySubmittedJobEndsOnceWhoeverStopsIt) {
  Scheduler scheduler(1000, clock_, metrics_);
  std::vector<std::unique_ptr<Witness>> witnesses;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 300; ++i) {
    witnesses.push_back(std::make_unique<Witness>());
    jobs.push_back(scheduler.Submit(OrderFor(3), Time::max(), *witnesses.back()));
  }
  std::thread canceller([&] {
    for (std::size_t i = 0; i < jobs.size(); i += 2) scheduler.Cancel(jobs[i]);
  });
  std::thread other([&] {
    for (std::size_t i = 0; i < jobs.size(); i += 3) scheduler.Cancel(jobs[i]);
  });
  canceller.join();
  other.join();
  EXPECT_TRUE(scheduler.WaitUntilIdle(10s));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const bool was_cancelled = i % 2 == 0 || i % 3 == 0;
    const auto said = witnesses[i]->said();
    EXPECT_TRUE(said.back() == "succeeded" || (was_cancelled && said.back() == "failed")) << i;
  }
}

}  // namespace
}  // namespace stampd::server
