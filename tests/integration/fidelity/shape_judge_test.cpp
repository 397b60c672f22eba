#include "tests/integration/fidelity/shape_judge.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <opencv2/imgproc.hpp>

#include "engine/base/error.h"
#include "tests/integration/fidelity/drawn.h"
#include "tests/integration/fidelity/verdict.h"

namespace stampd::fidelity {
namespace {

using ::testing::IsEmpty;

using Change = std::function<cv::Mat(const cv::Mat&)>;
using IsOne = std::function<bool(const Drawn&)>;

bool IsRight(const std::vector<Criterion>& criteria, std::string_view name) {
  const auto found = std::find_if(criteria.begin(), criteria.end(), [&](const Criterion& one) { return one.name == name; });
  EXPECT_NE(found, criteria.end()) << name;
  return found != criteria.end() && found->is_right;
}

// Names of what is wrong.
std::vector<std::string> Wrong(const Expectation& expectation, const cv::Mat& picture) {
  std::vector<std::string> wrong;
  for (const Criterion& criterion : Compare(expectation, LookAt(picture))) {
    if (!criterion.is_right) wrong.emplace_back(criterion.name);
  }
  return wrong;
}

// Changes each drawn picture of a kind, of which there must be some, and expects that all of these are judged wrong in `criterion`.
void ExpectWrong(std::string_view criterion, const IsOne& is_one, const Change& change) {
  int count = 0;
  for (const Drawn& drawn : AllDrawn()) {
    if (!is_one(drawn)) continue;
    ++count;
    EXPECT_FALSE(IsRight(Compare(drawn.expectation, LookAt(change(drawn.picture))), criterion)) << drawn.expectation.prompt;
  }
  EXPECT_GT(count, 0);
}

bool IsSingle(const Drawn& drawn) { return !drawn.expectation.IsPair(); }
bool IsPair(const Drawn& drawn) { return drawn.expectation.IsPair(); }
IsOne IsSingleWithout(const std::string& shape) {
  return [=](const Drawn& drawn) { return IsSingle(drawn) && drawn.expectation.objects[0].shape != shape; };
}

cv::Mat Blurred(const cv::Mat& picture, double sigma) {
  cv::Mat blurred;
  cv::GaussianBlur(picture, blurred, {0, 0}, sigma);
  return blurred;
}

cv::Mat Flipped(const cv::Mat& picture, int axis) {
  cv::Mat flipped;
  cv::flip(picture, flipped, axis);
  return flipped;
}

cv::Mat Scaled(const cv::Mat& picture, int width, int height) {
  cv::Mat scaled;
  cv::resize(picture, scaled, {width, height}, 0, 0, cv::INTER_LINEAR);
  return scaled;
}

cv::Mat Noisy(const cv::Mat& picture, double sigma) {
  cv::Mat noise(picture.size(), CV_32FC3), noisy;
  cv::theRNG().state = 7;
  cv::randn(noise, cv::Scalar::all(0), cv::Scalar::all(sigma));
  picture.convertTo(noisy, CV_32FC3);
  noisy += noise;
  noisy.convertTo(noisy, CV_8UC3);
  return noisy;
}

// The half of a pair's picture that holds the larger object.
cv::Mat HalfOf(const cv::Mat& picture) {
  const std::vector<SeenObject> seen = LookAt(picture);
  const cv::Point2d place = seen.at(0).Centre(), apart = place - seen.at(1).Centre();
  const int width = picture.cols, height = picture.rows;
  if (std::abs(apart.x) > std::abs(apart.y)) return picture(cv::Rect(place.x < 0.5 ? 0 : width / 2, 0, width / 2, height));
  return picture(cv::Rect(0, place.y < 0.5 ? 0 : height / 2, width, height / 2));
}

void ExpectAllRight(const Change& change) {
  for (const Drawn& drawn : AllDrawn())
    EXPECT_THAT(Wrong(drawn.expectation, change(drawn.picture)), IsEmpty()) << drawn.expectation.prompt;
}

TEST(ShapeJudgeTest, SeesWhatWasDrawn) {
  EXPECT_GE(AllDrawn().size(), 32U);
  ExpectAllRight([](const cv::Mat& picture) { return picture; });
}

TEST(ShapeJudgeTest, BearsBlur) {
  ExpectAllRight([](const cv::Mat& picture) { return Blurred(picture, 2); });
}

TEST(ShapeJudgeTest, BearsNoise) {
  ExpectAllRight([](const cv::Mat& picture) { return Noisy(picture, 6); });
}

TEST(ShapeJudgeTest, BearsOtherSizes) {
  ExpectAllRight([](const cv::Mat& picture) { return Scaled(picture, 512, 512); });
  ExpectAllRight([](const cv::Mat& picture) { return Scaled(picture, 128, 128); });
}

TEST(ShapeJudgeTest, TellsWhereAnObjectIs) {
  cv::Mat picture(200, 400, CV_8UC3, cv::Scalar(120, 120, 120));
  cv::rectangle(picture, {40, 60}, {119, 139}, cv::Scalar(220, 30, 30), cv::FILLED);
  const std::vector<SeenObject> seen = LookAt(picture);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].shape, "square");
  EXPECT_EQ(seen[0].colour, "red");
  EXPECT_NEAR(seen[0].box.x, 0.1, 0.01);
  EXPECT_NEAR(seen[0].box.y, 0.3, 0.01);
  EXPECT_NEAR(seen[0].box.width, 0.2, 0.01);
  EXPECT_NEAR(seen[0].box.height, 0.4, 0.01);
  EXPECT_NEAR(seen[0].area, 0.08, 0.005);
}

TEST(ShapeJudgeTest, TellsTouchingObjectsApartByTheirColours) {
  cv::Mat picture(256, 256, CV_8UC3, cv::Scalar(120, 120, 120));
  cv::rectangle(picture, {30, 80}, {127, 177}, cv::Scalar(20, 60, 220), cv::FILLED);
  cv::circle(picture, {176, 128}, 48, cv::Scalar(240, 220, 30), cv::FILLED, cv::LINE_AA);
  const std::vector<SeenObject> seen = LookAt(picture);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].colour + " " + seen[0].shape, "blue square");
  EXPECT_EQ(seen[1].colour + " " + seen[1].shape, "yellow circle");
}

TEST(ShapeJudgeTest, SeesNothingInAnEmptyPicture) {
  EXPECT_THAT(LookAt(cv::Mat(256, 256, CV_8UC3, cv::Scalar(30, 90, 200))), IsEmpty());
  EXPECT_THAT(LookAt(Noisy(cv::Mat(256, 256, CV_8UC3, cv::Scalar(128, 128, 128)), 6)), IsEmpty());
}

TEST(ShapeJudgeTest, AnEmptyPictureIsWrongInEverything) {
  const cv::Mat empty(256, 256, CV_8UC3, cv::Scalar(30, 90, 200));
  for (const Drawn& drawn : AllDrawn()) {
    for (const Criterion& criterion : Compare(drawn.expectation, LookAt(empty))) EXPECT_FALSE(criterion.is_right) << criterion.name;
  }
}

// Blur makes discs of everything.
TEST(ShapeJudgeTest, ABlobHasNotTheShape) {
  ExpectWrong("single.shape", IsSingleWithout("circle"), [](const cv::Mat& picture) { return Blurred(picture, 18); });
}

TEST(ShapeJudgeTest, AnUpsideDownTriangleOrStarHasNotTheShape) {
  const auto has_a_top = [](const Drawn& drawn) {
    const std::string& shape = drawn.expectation.objects[0].shape;
    return IsSingle(drawn) && (shape == "triangle" || shape == "star");
  };
  ExpectWrong("single.shape", has_a_top, [](const cv::Mat& picture) { return Flipped(picture, 0); });
}

TEST(ShapeJudgeTest, AStretchedObjectHasNotTheShape) {
  ExpectWrong("single.shape", IsSingle, [](const cv::Mat& picture) {
    cv::Mat wide = Scaled(picture, 2 * picture.cols, picture.rows), square(wide.cols, wide.cols, CV_8UC3);
    cv::copyMakeBorder(wide, square, 0, wide.cols - wide.rows, 0, 0, cv::BORDER_REPLICATE);
    return square;
  });
}

TEST(ShapeJudgeTest, OtherColoursAreWrong) {
  const auto has_hue = [](const Drawn& drawn) {
    const std::string& colour = drawn.expectation.objects[0].colour;
    return IsSingle(drawn) && colour != "white" && colour != "black";
  };
  ExpectWrong("single.colour", has_hue, [](const cv::Mat& picture) {
    cv::Mat turned;  // green takes red's place, and so on
    cv::mixChannels(std::vector<cv::Mat>{picture}, std::vector<cv::Mat>{turned = picture.clone()},
                    std::vector<int>{0, 1, 1, 2, 2, 0});
    return turned;
  });
  ExpectWrong("single.colour", IsSingle, [](const cv::Mat& picture) { return cv::Mat(cv::Scalar::all(255) - picture); });
}

TEST(ShapeJudgeTest, MovedObjectsAreWrong) {
  const auto is_aside = [](const Drawn& drawn) { return IsSingle(drawn) && drawn.expectation.column != "middle"; };
  ExpectWrong("single.position", is_aside, [](const cv::Mat& picture) { return Flipped(picture, 1); });
  ExpectWrong("pair.colours_and_relation", IsPair, [](const cv::Mat& picture) { return Flipped(picture, -1); });
}

TEST(ShapeJudgeTest, AMissingObjectIsWrong) {
  for (const char* criterion : {"pair.number_of_objects", "pair.colours_and_relation", "pair.shapes"})
    ExpectWrong(criterion, IsPair, HalfOf);
}

TEST(ShapeJudgeTest, OneObjectTooManyIsWrong) {
  ExpectWrong("single.number_of_objects", IsSingle, [](const cv::Mat& picture) {
    cv::Mat wide;  // once more, on the right
    cv::hconcat(picture, picture, wide);
    return wide;
  });
}

TEST(ShapeJudgeTest, RefusesOtherTypes) {
  EXPECT_THROW(LookAt(cv::Mat()), Broken);
  EXPECT_THROW(LookAt(cv::Mat(8, 8, CV_8UC1, cv::Scalar(0))), Broken);
  EXPECT_THROW(LookAt(cv::Mat(8, 8, CV_32FC3, cv::Scalar(0))), Broken);
}

}  // namespace
}  // namespace stampd::fidelity
