#include "tests/integration/fidelity/shapes.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace stampd::fidelity {
namespace {

cv::Mat Blank() { return cv::Mat::zeros(128, 128, CV_8U); }

cv::Mat Disc(int radius, int hole = 0) {
  cv::Mat mask = Blank();
  cv::circle(mask, {64, 64}, radius, 255, cv::FILLED);
  if (hole > 0) cv::circle(mask, {64, 64}, hole, 0, cv::FILLED);
  return mask;
}

cv::Mat Polygon(const std::vector<cv::Point>& corners) {
  cv::Mat mask = Blank();
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{corners}, 255);
  return mask;
}

// |x/r|^power + |y/r|^power < 1: a disc for 2, a square for very large powers.
cv::Mat Superellipse(double power) {
  cv::Mat mask = Blank();
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      const double distance = std::pow(std::abs(x - 64) / 45.0, power) + std::pow(std::abs(y - 64) / 45.0, power);
      if (distance < 1) mask.at<unsigned char>(y, x) = 255;
    }
  }
  return mask;
}

cv::Mat Star(int points, double valley) {
  std::vector<cv::Point> corners;
  for (int i = 0; i < 2 * points; ++i) {
    const double angle = CV_PI * i / points, radius = 50 * (i % 2 == 0 ? 1 : valley);
    corners.emplace_back(cvRound(64 + radius * std::sin(angle)), cvRound(64 - radius * std::cos(angle)));
  }
  return Polygon(corners);
}

TEST(ShapesTest, NamesPlainShapes) {
  EXPECT_EQ(ShapeOf(Disc(40)), "circle");
  EXPECT_EQ(ShapeOf(Disc(40, 19)), "ring");
  EXPECT_EQ(ShapeOf(Polygon({{30, 30}, {98, 30}, {98, 98}, {30, 98}})), "square");
  EXPECT_EQ(ShapeOf(Polygon({{64, 20}, {110, 100}, {18, 100}})), "triangle");
  EXPECT_EQ(ShapeOf(Star(5, 0.52)), "star");
}

TEST(ShapesTest, RoundedCornersAreForgiven) {
  const cv::Mat round = cv::getStructuringElement(cv::MORPH_ELLIPSE, {15, 15});
  cv::Mat triangle = Polygon({{64, 20}, {110, 100}, {18, 100}}), star = Star(5, 0.52);
  cv::morphologyEx(triangle, triangle, cv::MORPH_OPEN, round);
  cv::morphologyEx(star, star, cv::MORPH_CLOSE, round);
  EXPECT_EQ(ShapeOf(triangle), "triangle");
  EXPECT_EQ(ShapeOf(star), "star");
  EXPECT_EQ(ShapeOf(Superellipse(2.2)), "circle");
  EXPECT_EQ(ShapeOf(Superellipse(10)), "square");
}

TEST(ShapesTest, NothingBetweenTwoShapesHasAName) { EXPECT_EQ(ShapeOf(Superellipse(3.5)), ""); }

TEST(ShapesTest, OtherShapesHaveNoName) {
  EXPECT_EQ(ShapeOf(Blank()), "");
  EXPECT_EQ(ShapeOf(Polygon({{64, 108}, {110, 28}, {18, 28}})), "") << "a triangle on its tip";
  EXPECT_EQ(ShapeOf(Polygon({{10, 50}, {118, 50}, {118, 78}, {10, 78}})), "") << "a bar";
  EXPECT_EQ(ShapeOf(Star(4, 0.3)), "") << "a star of four points";
  EXPECT_EQ(ShapeOf(Disc(40, 10)), "") << "a disc with a small hole";
  EXPECT_EQ(ShapeOf(Disc(40, 34)), "") << "a thin ring";
}

}  // namespace
}  // namespace stampd::fidelity
