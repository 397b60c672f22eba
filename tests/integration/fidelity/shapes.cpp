#include "tests/integration/fidelity/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace stampd::fidelity {
namespace {

constexpr int kSide = 64;          // of the raster on which shapes are laid over each other
constexpr double kDeviation = 10;  // pixels of that raster; a triangle's apex is 2.83 deviations from its centroid
constexpr double kLeastOverlap = 0.8;
constexpr double kLeastLead = 0.05;  // of the best overlap before the second best; a disc and a square overlap by 0.83
constexpr double kMostStretch = 1.25;
constexpr double kRingHole = 0.45 / 0.95;               // inner by outer radius
constexpr double kStarValley = 0.54 / 1.04;             // of the notches' radius by the points'
constexpr double kLargeHole = 0.08, kSmallHole = 0.03;  // of the outline's area
constexpr double kMostSolidStar = 0.82, kLeastSolid = 0.88;

// A mask moved and stretched such that its centroid is the raster's centre and its deviations along x and y are kDeviation. Unlike
// its bounding box, these hardly change when tips are lost.
struct Fitted {
  cv::Mat mask;    // CV_32F in [0, 1], kSide x kSide
  double stretch;  // deviation along x by that along y, before
};

Fitted Fit(const cv::Mat& mask) {
  const cv::Moments moments = cv::moments(mask, true);
  const double area = std::max(moments.m00, 1.0);
  const double x = moments.m10 / area, y = moments.m01 / area;
  const double scale_x = kDeviation / std::sqrt(moments.mu20 / area + 1e-3),
               scale_y = kDeviation / std::sqrt(moments.mu02 / area + 1e-3);
  const cv::Matx23d move(scale_x, 0, kSide / 2.0 - scale_x * x, 0, scale_y, kSide / 2.0 - scale_y * y);
  cv::Mat fitted;
  cv::warpAffine(mask, fitted, move, {kSide, kSide}, cv::INTER_LINEAR);
  fitted.convertTo(fitted, CV_32F, 1 / 255.0);
  return {fitted, scale_y / scale_x};
}

using Corners = std::vector<cv::Point2d>;  // in units of a square's side

cv::Mat Polygon(const Corners& corners) {
  constexpr int kPixels = 128;
  std::vector<cv::Point> points;
  for (const cv::Point2d& corner : corners) points.emplace_back(corner * kPixels);
  cv::Mat mask = cv::Mat::zeros(kPixels, kPixels, CV_8U);
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(255));
  return mask;
}

// Corners by turns at the two distances from the middle, the first one up.
Corners Around(int count, double even, double odd) {
  Corners corners;
  for (int i = 0; i < count; ++i) {
    const double angle = 2 * CV_PI * i / count, radius = i % 2 == 0 ? even : odd;
    corners.emplace_back(0.5 + radius * std::sin(angle), 0.5 - radius * std::cos(angle));
  }
  return corners;
}

cv::Mat Disc(double radius) { return Polygon(Around(180, radius, radius)); }

struct Template {
  std::string_view name;
  Fitted fitted;
};

const std::array<Template, 5>& Templates() {
  static const std::array<Template, 5> templates = {{
      {"circle", Fit(Disc(0.45))},
      {"square", Fit(Polygon({{0.1, 0.1}, {0.9, 0.1}, {0.9, 0.9}, {0.1, 0.9}}))},
      {"triangle", Fit(Polygon({{0.5, 0.1}, {0.95, 0.9}, {0.05, 0.9}}))},
      {"ring", Fit(Disc(0.45) - Disc(0.45 * kRingHole))},
      {"star", Fit(Polygon(Around(10, 0.45, 0.45 * kStarValley)))},
  }};
  return templates;
}

double Overlap(const cv::Mat& a, const cv::Mat& b) { return cv::sum(cv::min(a, b))[0] / cv::sum(cv::max(a, b))[0]; }

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
  const Fitted fitted = Fit(mask);
  const Template* best = nullptr;
  double best_overlap = 0, second = 0;
  for (const Template& shape : Templates()) {
    const double overlap = Overlap(fitted.mask, shape.fitted.mask);
    second = std::max(second, std::min(overlap, best_overlap));
    if (overlap > best_overlap) best = &shape;
    best_overlap = std::max(best_overlap, overlap);
  }
  if (best_overlap < kLeastOverlap || best_overlap < second + kLeastLead) return "";
  const double stretch = fitted.stretch / best->fitted.stretch;
  if (stretch > kMostStretch || 1 / stretch > kMostStretch) return "";
  return Allow(Measure(mask), best->name) ? best->name : "";
}

}  // namespace stampd::fidelity
