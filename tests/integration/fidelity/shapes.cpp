#include "tests/integration/fidelity/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace stampd::fidelity {
namespace {

constexpr int kSide = 64;  // of the raster on which shapes are laid over each other
constexpr double kLeastOverlap = 0.82;
constexpr double kMostStretch = 1.25;
constexpr double kRingHole = 0.45 / 0.95;               // inner by outer radius
constexpr double kStarValley = 0.54 / 1.04;             // of the notches' radius by the points'
constexpr double kLargeHole = 0.08, kSmallHole = 0.03;  // of the outline's area
constexpr double kMostSolidStar = 0.8, kLeastSolid = 0.88;

struct Template {
  std::string_view name;
  double aspect;  // width by height
  cv::Mat mask;   // CV_32F in [0, 1], kSide x kSide, touching all four sides
};

// Corners in units of the bounding box.
cv::Mat Polygon(const std::vector<cv::Point2d>& corners) {
  constexpr int kFine = 8;
  std::vector<cv::Point> points;
  for (const cv::Point2d& corner : corners) points.emplace_back(corner * kSide * kFine);
  cv::Mat fine = cv::Mat::zeros(kSide * kFine, kSide * kFine, CV_32F), mask;
  cv::fillPoly(fine, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(1));
  cv::resize(fine, mask, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  return mask;
}

std::vector<cv::Point2d> Disc(double radius) {
  constexpr int kCorners = 180;
  std::vector<cv::Point2d> corners;
  for (int i = 0; i < kCorners; ++i) {
    const double angle = 2 * CV_PI * i / kCorners;
    corners.emplace_back(0.5 + radius * std::cos(angle), 0.5 + radius * std::sin(angle));
  }
  return corners;
}

// Points and notches by turns, the first point up; around the origin with radius 1.
std::vector<cv::Point2d> Star() {
  std::vector<cv::Point2d> corners;
  for (int i = 0; i < 10; ++i) {
    const double angle = CV_PI * i / 5, radius = i % 2 == 0 ? 1.0 : kStarValley;
    corners.emplace_back(radius * std::sin(angle), -radius * std::cos(angle));
  }
  return corners;
}

Template StarTemplate() {
  const double half_width = std::sin(2 * CV_PI / 5), height = 1 + std::cos(CV_PI / 5);
  std::vector<cv::Point2d> corners = Star();
  for (cv::Point2d& corner : corners) corner = {(corner.x / half_width + 1) / 2, (corner.y + 1) / height};
  return {"star", 2 * half_width / height, Polygon(corners)};
}

const std::array<Template, 5>& Templates() {
  static const std::array<Template, 5> kTemplates = {{
      {"circle", 1, Polygon(Disc(0.5))},
      {"square", 1, Polygon({{0, 0}, {1, 0}, {1, 1}, {0, 1}})},
      {"triangle", 2.08 / 1.85, Polygon({{0.5, 0}, {1, 1}, {0, 1}})},
      {"ring", 1, Polygon(Disc(0.5)) - Polygon(Disc(0.5 * kRingHole))},
      StarTemplate(),
  }};
  return kTemplates;
}

double Overlap(const cv::Mat& a, const cv::Mat& b) { return cv::sum(cv::min(a, b))[0] / cv::sum(cv::max(a, b))[0]; }

// The mask's bounding box, stretched to the raster.
cv::Mat Stretched(const cv::Mat& mask, const cv::Rect& box) {
  cv::Mat stretched;
  mask(box).convertTo(stretched, CV_32F, 1 / 255.0);
  cv::resize(stretched, stretched, {kSide, kSide}, 0, 0, box.area() > kSide * kSide ? cv::INTER_AREA : cv::INTER_LINEAR);
  return stretched;
}

struct Contours {
  double hole = 0;      // largest hole's area by the outline's
  double solidity = 0;  // outline's area by its convex hull's
};

Contours Measure(const cv::Mat& mask) {
  std::vector<std::vector<cv::Point>> lines;
  std::vector<cv::Vec4i> tree;
  cv::findContours(mask, lines, tree, cv::RETR_CCOMP, cv::CHAIN_APPROX_NONE);
  double outline = 0, hole = 0, hull = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double area = cv::contourArea(lines[i]);
    const bool is_hole = tree[i][3] >= 0;
    if (is_hole) {
      hole = std::max(hole, area);
    } else if (area > outline) {
      outline = area;
      std::vector<cv::Point> around;
      cv::convexHull(lines[i], around);
      hull = cv::contourArea(around);
    }
  }
  return {hole / std::max(outline, 1.0), outline / std::max(hull, 1.0)};
}

bool Allow(const Contours& contours, std::string_view shape) {
  if ((shape == "ring") ? contours.hole < kLargeHole : contours.hole > kSmallHole) return false;
  return shape == "star" ? contours.solidity < kMostSolidStar : contours.solidity > kLeastSolid;
}

}  // namespace

std::string_view ShapeOf(const cv::Mat& mask) {
  const cv::Rect box = cv::boundingRect(mask);
  if (box.area() == 0) return "";
  const cv::Mat stretched = Stretched(mask, box);
  const auto overlap = [&](const Template& shape) { return Overlap(stretched, shape.mask); };
  const auto& best = *std::max_element(Templates().begin(), Templates().end(),
                                       [&](const Template& a, const Template& b) { return overlap(a) < overlap(b); });
  const double stretch = static_cast<double>(box.width) / box.height / best.aspect;
  const bool fits = overlap(best) >= kLeastOverlap && stretch < kMostStretch && 1 / stretch < kMostStretch;
  return fits && Allow(Measure(mask), best.name) ? best.name : "";
}

}  // namespace stampd::fidelity
