#include <span>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>

#include "engine/io/digest.h"
#include "tests/server/server_fixture.h"

namespace stampd::server {
namespace {

using testing::ElementsAre;

cv::Vec3b FirstPixel(const std::string& file) {
  const std::vector<unsigned char> bytes(file.begin(), file.end());
  const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_COLOR);
  EXPECT_FALSE(image.empty());
  return image.empty() ? cv::Vec3b() : image.at<cv::Vec3b>(0, 0);
}

TEST_F(ServerTest, GenerateAnswersWithThePicture) {
  const Answer answer = Generate(RequestFor("a red circle"));
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  ASSERT_EQ(answer.response.images_size(), 1);
  const v1::Image& image = answer.response.images(0);
  EXPECT_EQ(image.format(), v1::PNG);
  EXPECT_EQ(image.width(), 64);
  EXPECT_EQ(image.height(), 64);
  EXPECT_EQ(image.seed(), 7u);
  EXPECT_EQ(image.sha256(), io::Sha256(std::as_bytes(std::span(image.data()))));
  EXPECT_EQ(FirstPixel(image.data()), cv::Vec3b(90, 193, 47));
}

TEST_F(ServerTest, TheReplyTellsHowItWasMade) {
  v1::GenerateRequest request = RequestFor("a", 6);
  request.set_request_id("my id");
  request.set_num_images(3);
  const v1::GenerateResponse response = Generate(request).response;
  EXPECT_EQ(response.steps(), 6);
  EXPECT_EQ(response.precision(), "bf16");
  EXPECT_EQ(response.model(), "fake");
  EXPECT_EQ(response.model_digest(), std::string(64, 'a'));
  EXPECT_EQ(response.request_id(), "my id");
  EXPECT_EQ(response.mean_batch_rows(), 6);  // three pictures, guided
}

TEST_F(ServerTest, PicturesOfARequestHaveConsecutiveSeeds) {
  v1::GenerateRequest request = RequestFor("a");
  request.set_seed(~0ull);
  request.set_num_images(3);
  const v1::GenerateResponse response = Generate(request).response;
  ASSERT_EQ(response.images_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response.images(i).seed(), ~0ull + i);
    EXPECT_EQ(response.images(i).index(), i);
  }
}

TEST_F(ServerTest, SameSeedSameBytes) {
  EXPECT_EQ(Generate(RequestFor("a")).response.images(0).data(), Generate(RequestFor("b")).response.images(0).data());
}

TEST_F(ServerTest, WithoutASeedTheServerDrawsOne) {
  v1::GenerateRequest request = RequestFor("a");
  request.clear_seed();
  EXPECT_NE(Generate(request).response.images(0).seed(), Generate(request).response.images(0).seed());
}

TEST_F(ServerTest, StagesAndQueueAddUpToTheTotal) {
  fake_->step_delay = Milliseconds(5);
  const v1::Timings t = Generate(RequestFor("a")).response.timings();
  EXPECT_GE(t.denoise_seconds(), 0.02);
  EXPECT_NEAR(t.queue_seconds() + t.text_encode_seconds() + t.denoise_seconds() + t.decode_seconds() + t.image_encode_seconds(),
              t.total_seconds(), 1e-6);
}

TEST_F(ServerTest, RawFormatsPassThrough) {
  v1::GenerateRequest request = RequestFor("a");
  request.mutable_output()->set_format(v1::RGB8);
  const v1::Image rgb = Generate(request).response.images(0);
  ASSERT_EQ(rgb.data().size(), 64u * 64 * 3);
  EXPECT_EQ(std::vector<std::uint8_t>(rgb.data().begin(), rgb.data().begin() + 3), ColourOf(7));
  request.mutable_output()->set_format(v1::LATENT_F32);
  const v1::Image latent = Generate(request).response.images(0);
  EXPECT_EQ(latent.width(), 8);
  EXPECT_EQ(latent.height(), 8);
  EXPECT_EQ(latent.data().size(), 8u * 8 * 4 * sizeof(float));
}

TEST_F(ServerTest, LossyFormatsKeepTheColours) {
  for (const v1::OutputFormat format : {v1::JPEG, v1::WEBP}) {
    v1::GenerateRequest request = RequestFor("a");
    request.mutable_output()->set_format(format);
    request.mutable_output()->set_embed_metadata(true);
    const v1::Image image = Generate(request).response.images(0);
    EXPECT_EQ(image.format(), format);
    EXPECT_LT(cv::norm(FirstPixel(image.data()), cv::Vec3b(90, 193, 47), cv::NORM_INF), 6);
  }
}

TEST_F(ServerTest, DefaultsOfTheModelReachThePipeline) {
  v1::GenerateRequest request;
  request.set_model("second");
  EXPECT_EQ(Generate(request).response.model(), "second");
  const Request seen = fake_->last_request();
  EXPECT_EQ(seen.width, 64);
  EXPECT_EQ(seen.steps, 4);
  EXPECT_EQ(seen.guidance_scale, 4.5);
  EXPECT_EQ(seen.scheduler, "dpm++");
  EXPECT_EQ(seen.num_images, 1);
}

TEST_F(ServerTest, GuidanceZeroIsAValue) {
  v1::GenerateRequest request = RequestFor("a");
  request.set_guidance_scale(0);
  EXPECT_EQ(Generate(request).response.mean_batch_rows(), 1);
  EXPECT_EQ(fake_->last_request().guidance_scale, 0);
}

TEST_F(ServerTest, RequestIdComesFromTheFieldTheHeaderOrTheServer) {
  const auto with_header = [](grpc::ClientContext& context) { context.AddMetadata("x-request-id", "from-header"); };
  v1::GenerateRequest request = RequestFor("a");
  EXPECT_EQ(Generate(request, with_header).response.request_id(), "from-header");
  EXPECT_EQ(Generate(request).response.request_id().size(), 16u);
  request.set_request_id("from-field");
  EXPECT_EQ(Generate(request, with_header).response.request_id(), "from-field");
}

TEST_F(ServerTest, ListModelsStatesDefaultsAndLimits) {
  config_.limits.max_images = 3;
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub().ListModels(&context, {}, &response).ok());
  ASSERT_EQ(response.models_size(), 2);
  const v1::ModelInfo& model = response.models(0);
  EXPECT_EQ(model.name(), "fake");
  EXPECT_EQ(model.family(), "FakePipeline");
  EXPECT_EQ(model.digest(), std::string(64, 'a'));
  EXPECT_EQ(model.device(), "cpu");
  EXPECT_THAT(model.precisions(), ElementsAre("bf16"));
  EXPECT_THAT(model.schedulers(), ElementsAre("dpm++", "euler"));
  EXPECT_EQ(model.parameters(), 123);
  EXPECT_EQ(model.resident_bytes(), 456);
  EXPECT_EQ(model.defaults().width(), 64);
  EXPECT_EQ(model.defaults().guidance_scale(), 4.5);
  EXPECT_EQ(model.defaults().format(), v1::PNG);
  EXPECT_EQ(model.limits().max_images(), 3);
  EXPECT_EQ(model.limits().max_pixels(), 2048 * 2048);
  EXPECT_EQ(model.limits().max_queue(), 64);
}

TEST_F(ServerTest, ManyCallsAtOnceAreAllAnswered) {
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 40; ++i) {
    v1::GenerateRequest request = RequestFor("a");
    request.set_seed(i);
    answers.push_back(GenerateLater(request));
  }
  for (int i = 0; i < 40; ++i) {
    const Answer answer = answers[i].get();
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.response.images(0).seed(), static_cast<std::uint64_t>(i));
  }
}

}  // namespace
}  // namespace stampd::server
