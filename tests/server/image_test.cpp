// Pictures and what is written inside them. Other readers of the metadata: program_test.py.
#include <random>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>
#include <rapidjson/document.h>

#include "engine/image/image_codec.h"
#include "server/image_chunks.h"
#include "server/image_metadata.h"
#include "tests/server/fake_pipeline.h"

namespace stampd::server {
namespace {

using testing::HasSubstr;

// Noise in odd sizes: what a wrong stride or channel order can't survive.
Picture Noise(int width, int height) {
  std::mt19937 random(3);
  Picture picture;
  picture.width = width;
  picture.height = height;
  for (int i = 0; i < width * height * 3; ++i) picture.bytes.push_back(static_cast<std::uint8_t>(random()));
  return picture;
}

cv::Mat Decode(const std::string& file) {
  return cv::imdecode(std::vector<unsigned char>(file.begin(), file.end()), cv::IMREAD_COLOR);
}

bool Same(const cv::Mat& decoded, const Picture& picture) {
  if (decoded.cols != picture.width || decoded.rows != picture.height) return false;
  for (std::size_t i = 0; i < picture.bytes.size(); ++i) {
    const std::size_t swapped = i / 3 * 3 + (2 - i % 3);
    if (decoded.data[swapped] != picture.bytes[i]) return false;
  }
  return true;
}

class ImageTest : public testing::Test {
 protected:
  Order OrderFor(ImageFormat format, const std::string& prompt) {
    Order order;
    order.model = &model_;
    order.request = {.prompt = prompt,
                     .negative_prompt = "blurry",
                     .width = 33,
                     .height = 17,
                     .steps = 20,
                     .guidance_scale = 4.5,
                     .seed = 0,
                     .num_images = 1,
                     .precision = Precision::kBf16,
                     .scheduler = "dpm++",
                     .clean_caption = false,
                     .use_resolution_binning = true};
    order.output = {format, 90, true};
    return order;
  }

  HostedModel model_{"fake", "cpu", std::make_shared<FakePipeline>()};
};

TEST_F(ImageTest, PngKeepsEveryPixel) {
  for (const int width : {1, 2, 33}) {
    const Picture picture = Noise(width, 17);
    EXPECT_TRUE(Same(Decode(EncodePicture(picture, ImageFormat::kPng, 90)), picture)) << width;
  }
}

TEST_F(ImageTest, QualityMakesLossyFilesLarger) {
  for (const ImageFormat format : {ImageFormat::kJpeg, ImageFormat::kWebp}) {
    const Picture picture = Noise(64, 64);
    EXPECT_LT(EncodePicture(picture, format, 10).size(), EncodePicture(picture, format, 95).size());
  }
}

TEST_F(ImageTest, FormatsThatDoNotFitThePictureAreRefused) {
  Picture latent;
  latent.kind = Picture::Kind::kLatentF32;
  EXPECT_THROW(EncodePicture(latent, ImageFormat::kPng, 90), Broken);
  EXPECT_THROW(EncodePicture(Noise(2, 2), ImageFormat::kLatentF32, 90), Broken);
  Picture cut = Noise(2, 2);
  cut.bytes.pop_back();
  EXPECT_THROW(EncodePicture(cut, ImageFormat::kPng, 90), Broken);
}

TEST_F(ImageTest, MetadataLeavesThePixelsAlone) {
  const Picture picture = Noise(33, 17);
  for (const ImageFormat format : {ImageFormat::kPng, ImageFormat::kJpeg, ImageFormat::kWebp}) {
    const std::string plain = EncodePicture(picture, format, 90);
    for (const std::string& prompt : {std::string("cat"), std::string("cats")}) {  // even and odd lengths
      const std::string rich = EmbedMetadata(plain, OrderFor(format, prompt), 33, 17, 5);
      EXPECT_GT(rich.size(), plain.size());
      EXPECT_EQ(cv::norm(Decode(plain), Decode(rich), cv::NORM_INF), 0) << Name(format);
    }
  }
}

TEST_F(ImageTest, MetadataIsJsonWithEveryFact) {
  const std::string prompt = "a \"cat\" \\ \xf0\x9f\x90\x88\n";
  for (const bool ascii : {false, true}) {
    const std::string text = MetadataJson(OrderFor(ImageFormat::kPng, prompt), ~0ull, ascii);
    EXPECT_EQ(std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; }), ascii);
    rapidjson::Document json;
    ASSERT_FALSE(json.Parse(text.c_str()).HasParseError()) << text;
    EXPECT_EQ(json["prompt"].GetString(), prompt);
    EXPECT_STREQ(json["negative_prompt"].GetString(), "blurry");
    EXPECT_EQ(json["seed"].GetUint64(), ~0ull);
    EXPECT_EQ(json["steps"].GetInt(), 20);
    EXPECT_EQ(json["guidance_scale"].GetDouble(), 4.5);
    EXPECT_EQ(json["width"].GetInt(), 33);
    EXPECT_EQ(json["height"].GetInt(), 17);
    EXPECT_STREQ(json["scheduler"].GetString(), "dpm++");
    EXPECT_STREQ(json["precision"].GetString(), "bf16");
    EXPECT_STREQ(json["model"].GetString(), "fake");
    EXPECT_EQ(json["model_digest"].GetString(), std::string(64, 'a'));
    EXPECT_STREQ(json["program"].GetString(), "stampd");
    EXPECT_FALSE(json["clean_caption"].GetBool());
    EXPECT_TRUE(json["use_resolution_binning"].GetBool());
    EXPECT_FALSE(json.HasMember("prompt_cut"));
  }
}

TEST_F(ImageTest, AJpegsPromptIsCutToWhatFits) {
  std::string prompt;
  for (int i = 0; i < 16000; ++i) prompt += "\xf0\x9f\x90\x88";  // 64 000 bytes, three times that once escaped
  const std::string plain = EncodePicture(Noise(33, 17), ImageFormat::kJpeg, 90);
  const std::string rich = EmbedMetadata(plain, OrderFor(ImageFormat::kJpeg, prompt), 33, 17, 5);
  EXPECT_FALSE(Decode(rich).empty());
  EXPECT_LE(rich.size() - plain.size(), 65535u + 2);
  EXPECT_GT(rich.size() - plain.size(), 20000u);
  EXPECT_THAT(rich, HasSubstr(R"("prompt_cut":true)"));
  EXPECT_THAT(EmbedMetadata(EncodePicture(Noise(33, 17), ImageFormat::kPng, 90), OrderFor(ImageFormat::kPng, prompt), 33, 17, 5),
              HasSubstr(prompt));
}

TEST_F(ImageTest, WhatIsNoImageFileIsRefused) {
  const std::string text = "this is not a picture, however long it may be";
  EXPECT_THROW(WithPngText(text, "k", "v"), Broken);
  EXPECT_THROW(WithJpegDescription(text, "v"), Broken);
  EXPECT_THROW(WithWebpDescription(text, 1, 1, "v"), Broken);
  EXPECT_THROW(WithPngText("", "k", "v"), Broken);
}

}  // namespace
}  // namespace stampd::server
