#include <cstdio>

#include <gmock/gmock.h>

#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

using testing::HasSubstr;
using testing::Not;

using MetricsTest = ServerTest;

TEST_F(MetricsTest, CountsAreThereAsSoonAsTheAnswerIs) {
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(Generate(RequestFor("a", 5)).status.ok());
    EXPECT_EQ(Metric(R"(stampd_requests_total{code="OK",method="Generate",model="fake"})"), i);
  }
  EXPECT_EQ(Metric(R"(stampd_images_total{format="png",model="fake"})"), 3);
  EXPECT_GT(Metric(R"(stampd_image_bytes_total{format="png",model="fake"})"), 100);
  EXPECT_EQ(Metric(R"(stampd_denoise_steps_total{model="fake",precision="bf16",use="delivered"})"), 15);
  EXPECT_EQ(Metric(R"(stampd_denoise_step_duration_seconds_count{model="fake",precision="bf16"})"), 15);
  EXPECT_EQ(Metric(R"(stampd_request_duration_seconds_count{model="fake",outcome="ok"})"), 3);
  EXPECT_EQ(Metric(R"(stampd_request_queue_seconds_count{model="fake"})"), 3);
  for (const char* stage : {"text_encode", "denoise", "decode", "image_encode"}) {
    EXPECT_EQ(Metric("stampd_stage_duration_seconds_count{model=\"fake\",stage=\"" + std::string(stage) + "\"}"), 3) << stage;
  }
  EXPECT_EQ(Metric(R"(stampd_running_requests{model="fake"})"), 0);
  EXPECT_EQ(Metric(R"(stampd_queue_requests{model="fake"})"), 0);
}

TEST_F(MetricsTest, StagesAndQueueAddUpToTheRequests) {
  fake_->step_delay = Milliseconds(25);
  for (int i = 0; i < 5; ++i) Generate(RequestFor("a"));
  double sum = Metric(R"(stampd_request_queue_seconds_sum{model="fake"})");
  for (const char* stage : {"text_encode", "denoise", "decode", "image_encode"}) {
    sum += Metric("stampd_stage_duration_seconds_sum{model=\"fake\",stage=\"" + std::string(stage) + "\"}");
  }
  const double total = Metric(R"(stampd_request_duration_seconds_sum{model="fake",outcome="ok"})");
  EXPECT_GE(total, sum);
  EXPECT_NEAR(sum, total, 0.25);  // without denoising 0.5 would be missing; the rest is wake-ups
}

TEST_F(MetricsTest, EverySeriesStartsAtZero) {
  EXPECT_EQ(Metric(R"(stampd_requests_total{code="INTERNAL",method="GenerateStream",model="second"})"), 0);
  EXPECT_EQ(Metric(R"(stampd_images_total{format="webp",model="second"})"), 0);
  EXPECT_EQ(Metric(R"(stampd_requests_total{code="OK",method="ListModels",model=""})"), 0);
}

TEST_F(MetricsTest, CallersCanNotMakeSeries) {
  const auto lines = [&] {
    const std::string text = Scrape();
    return std::count(text.begin(), text.end(), '\n');
  };
  Scrape();
  const auto before = lines();
  for (int i = 0; i < 20; ++i) {
    v1::GenerateRequest request = RequestFor("a");
    request.set_model("attack-" + std::to_string(i));
    EXPECT_EQ(Generate(request).status.error_code(), grpc::NOT_FOUND);
  }
  EXPECT_EQ(lines(), before);
  EXPECT_EQ(Metric(R"(stampd_requests_total{code="NOT_FOUND",method="Generate",model="unknown"})"), 20);
  EXPECT_THAT(Scrape(), Not(HasSubstr("attack")));
}

TEST_F(MetricsTest, SaysWhatIsRunning) {
  EXPECT_THAT(Scrape(), HasSubstr(R"(stampd_model_info{device="cpu",digest=")" + std::string(64, 'a') +
                                  R"(",family="FakePipeline",model="fake",precision="bf16"} 1)"));
  EXPECT_THAT(Scrape(), HasSubstr("stampd_build_info{version=\"0."));
  EXPECT_NEAR(Metric("stampd_start_timestamp_seconds"), static_cast<double>(std::time(nullptr)), 60);
  EXPECT_EQ(Metric(R"(stampd_model_resident_bytes{model="second"})"), 456);
}

TEST_F(MetricsTest, PromtoolFindsNothingToSay) {
  ASSERT_TRUE(Generate(RequestFor("a")).status.ok());
  Scrape();  // so that the scraper's own series are there
  const std::string file = testing::TempDir() + "stampd_metrics_test.txt";
  FILE* out = std::fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr);
  std::fputs(Scrape().c_str(), out);
  std::fclose(out);
  FILE* promtool = popen(("promtool check metrics < " + file + " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string said;
  for (int c; (c = std::fgetc(promtool)) != EOF;) said += static_cast<char>(c);
  EXPECT_EQ(pclose(promtool), 0) << said;
  EXPECT_EQ(said, "");
  std::remove(file.c_str());
}

TEST_F(MetricsTest, APortThatIsTakenIsAnErrorThatNamesIt) {
  Config config = config_;
  config.metrics_listen = server().metrics_endpoint();
  std::ostringstream out;
  Log log(LogFormat::kText, out);
  try {
    Server(config, {{"fake", "cpu", fake_}}, log);
    ADD_FAILURE() << "was bound twice";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr(config.metrics_listen.ToString()));
  }
  config.metrics_listen.port = 0;
  config.listen = server().grpc_endpoint();
  try {
    Server(config, {{"fake", "cpu", fake_}}, log);
    ADD_FAILURE() << "was bound twice";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr(config.listen.ToString()));
  }
}

}  // namespace
}  // namespace stampd::server
