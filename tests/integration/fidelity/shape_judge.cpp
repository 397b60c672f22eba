#include "tests/integration/fidelity/shape_judge.h"

#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "engine/base/error.h"
#include "tests/integration/fidelity/colours.h"
#include "tests/integration/fidelity/foreground.h"
#include "tests/integration/fidelity/shapes.h"

namespace stampd::fidelity {
namespace {

constexpr int kSide = 256;              // all is measured at this size
constexpr double kLeastObject = 0.006;  // of the picture's area
constexpr double kLeastPart = 0.2;      // of the largest part, for a part of another colour to be an object of its own
constexpr int kRim = 5;                 // pixels; thinner bands of a colour are what two others make where they meet
constexpr int kOutline = 2;             // pixels that are left out of an object's colour: they are mixed with the background

cv::Mat Normalised(const cv::Mat& picture) {
  const double scale = static_cast<double>(kSide) / std::max(picture.cols, picture.rows);
  const cv::Size size(std::max(1, cvRound(picture.cols * scale)), std::max(1, cvRound(picture.rows * scale)));
  cv::Mat resized, normalised;
  cv::resize(picture, resized, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  resized.convertTo(normalised, CV_32FC3, 1 / 255.0);
  return normalised;
}

cv::Mat Ellipse(int side) { return cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side}); }

double LeastArea(const cv::Mat& picture) { return kLeastObject * static_cast<double>(picture.total()); }

// Connected regions, each as a mask.
std::vector<cv::Mat> Regions(const cv::Mat& mask) {
  cv::Mat labels, statistics, centres;
  const int count = cv::connectedComponentsWithStats(mask, labels, statistics, centres, 8, CV_32S);
  std::vector<cv::Mat> regions;
  for (int label = 1; label < count; ++label) {
    if (statistics.at<int>(label, cv::CC_STAT_AREA) >= LeastArea(mask)) regions.push_back(labels == label);
  }
  return regions;
}

// Where a region has one colour, for each colour that takes a good part of it.
std::vector<cv::Mat> Patches(const cv::Mat& region, const cv::Mat& colours) {
  std::vector<cv::Mat> patches;
  int largest = 0;
  for (int colour = 0; colour < static_cast<int>(kColours.size()); ++colour) {
    cv::Mat patch = region & (colours == colour);
    cv::morphologyEx(patch, patch, cv::MORPH_OPEN, Ellipse(kRim));
    largest = std::max(largest, cv::countNonZero(patch));
    patches.push_back(patch);
  }
  const double least = std::max(kLeastPart * largest, LeastArea(region));
  const auto is_small = [&](const cv::Mat& patch) { return cv::countNonZero(patch) < least; };
  patches.erase(std::remove_if(patches.begin(), patches.end(), is_small), patches.end());
  return patches;
}

// Each pixel of the region goes to the patch that is nearest to it.
std::vector<cv::Mat> Divide(const cv::Mat& region, const std::vector<cv::Mat>& patches) {
  std::vector<cv::Mat> distances(patches.size());
  for (std::size_t i = 0; i < patches.size(); ++i) cv::distanceTransform(~patches[i], distances[i], cv::DIST_L2, cv::DIST_MASK_5);
  cv::Mat nearest = distances.front().clone();
  for (const cv::Mat& distance : distances) nearest = cv::min(nearest, distance);
  std::vector<cv::Mat> parts;
  parts.reserve(distances.size());
  for (const cv::Mat& distance : distances) parts.push_back(region & (distance <= nearest));
  return parts;
}

std::vector<cv::Mat> Objects(const cv::Mat& picture) {
  const cv::Mat colours = ColourOfPixels(picture);
  std::vector<cv::Mat> objects;
  for (const cv::Mat& region : Regions(Foreground(picture))) {
    const std::vector<cv::Mat> patches = Patches(region, colours);
    const std::vector<cv::Mat> parts = patches.size() < 2 ? std::vector<cv::Mat>{region} : Divide(region, patches);
    objects.insert(objects.end(), parts.begin(), parts.end());
  }
  return objects;
}

cv::Mat WithoutOutline(const cv::Mat& mask) {
  cv::Mat inner;
  cv::erode(mask, inner, Ellipse(2 * kOutline + 1), {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
  return cv::countNonZero(inner) > 0 ? inner : mask;
}

SeenObject Describe(const cv::Mat& picture, const cv::Mat& mask) {
  const cv::Rect2d box = cv::boundingRect(mask);
  const double width = picture.cols, height = picture.rows;
  return {.shape = std::string(ShapeOf(mask)),
          .colour = std::string(ColourOf(picture, WithoutOutline(mask))),
          .box = {box.x / width, box.y / height, box.width / width, box.height / height},
          .area = cv::countNonZero(mask) / (width * height)};
}

}  // namespace

std::vector<SeenObject> LookAt(const cv::Mat& picture) {
  if (picture.empty() || picture.type() != CV_8UC3) throw Broken("[shape_judge] expected an RGB picture of 8 bits, found another");
  const cv::Mat normalised = Normalised(picture);
  std::vector<SeenObject> seen;
  for (const cv::Mat& mask : Objects(normalised)) seen.push_back(Describe(normalised, mask));
  std::sort(seen.begin(), seen.end(), [](const SeenObject& a, const SeenObject& b) { return a.area > b.area; });
  return seen;
}

}  // namespace stampd::fidelity
