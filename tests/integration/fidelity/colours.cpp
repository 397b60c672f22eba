#include "tests/integration/fidelity/colours.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <opencv2/imgproc.hpp>

namespace stampd::fidelity {
namespace {

// Hues in degrees, as the first six of kColours.
constexpr std::array<float, 6> kHues = {0, 30, 54, 132, 224, 283};
enum : unsigned char { kWhite = 6, kBlack = 7, kGrey = 8 };

constexpr float kLeastSaturation = 0.3F;
constexpr float kBlackest = 0.33F, kWhitest = 0.6F;  // brightness below which all is black, above which the colourless is white

struct Hsv {
  float hue, saturation, value;
};

bool HasColour(const Hsv& pixel) { return pixel.value > kBlackest && pixel.saturation > kLeastSaturation; }

unsigned char NearestHue(float hue) {
  std::size_t nearest = 0;
  float least = std::numeric_limits<float>::max();
  for (std::size_t i = 0; i < kHues.size(); ++i) {
    const float around = std::abs(hue - kHues[i]);
    const float distance = std::min(around, 360 - around);
    if (distance < least) {
      least = distance;
      nearest = i;
    }
  }
  return static_cast<unsigned char>(nearest);
}

unsigned char Brightness(float value) { return value < kBlackest ? kBlack : value > kWhitest ? kWhite : kGrey; }

cv::Mat ToHsv(const cv::Mat& picture) {
  cv::Mat hsv;
  cv::cvtColor(picture, hsv, cv::COLOR_RGB2HSV);
  return hsv;
}

// Ten degrees a bin, smoothed over its neighbours, so that a peak between two bins is not halved.
class HueHistogram {
 public:
  void Add(float hue, float weight) { bins_[static_cast<std::size_t>(hue / kBinWidth) % kBins] += weight; }

  float Peak() const {
    std::size_t peak = 0;
    for (std::size_t i = 1; i < kBins; ++i) {
      if (Smooth(i) > Smooth(peak)) peak = i;
    }
    return MeanAround(peak);
  }

 private:
  static constexpr std::size_t kBins = 36;
  static constexpr float kBinWidth = 360.F / kBins;

  float Smooth(std::size_t i) const { return bins_[(i + kBins - 1) % kBins] + 2 * bins_[i] + bins_[(i + 1) % kBins]; }

  float MeanAround(std::size_t i) const {
    const float before = bins_[(i + kBins - 1) % kBins], after = bins_[(i + 1) % kBins];
    const float offset = (after - before) / std::max(before + bins_[i] + after, 1e-6F);
    return std::fmod((static_cast<float>(i) + 0.5F + offset) * kBinWidth + 360, 360.F);
  }

  std::array<float, kBins> bins_{};
};

}  // namespace

cv::Mat ColourOfPixels(const cv::Mat& picture) {
  const cv::Mat hsv = ToHsv(picture);
  cv::Mat colours(picture.size(), CV_8U);
  colours.forEach<unsigned char>([&](unsigned char& colour, const int* place) {
    const auto& pixel = hsv.at<cv::Vec3f>(place[0], place[1]);
    colour = HasColour({pixel[0], pixel[1], pixel[2]}) ? NearestHue(pixel[0]) : Brightness(pixel[2]);
  });
  return colours;
}

std::string_view ColourOf(const cv::Mat& picture, const cv::Mat& mask) {
  const cv::Mat hsv = ToHsv(picture);
  HueHistogram hues;
  int coloured = 0, all = 0;
  double brightness = 0;
  for (int y = 0; y < mask.rows; ++y) {
    for (int x = 0; x < mask.cols; ++x) {
      if (mask.at<unsigned char>(y, x) == 0) continue;
      const auto& channels = hsv.at<cv::Vec3f>(y, x);
      const Hsv pixel{channels[0], channels[1], channels[2]};
      ++all;
      brightness += pixel.value;
      if (!HasColour(pixel)) continue;
      ++coloured;
      hues.Add(pixel.hue, pixel.saturation);
    }
  }
  if (2 * coloured > all) return kColours[NearestHue(hues.Peak())];
  return kColours[Brightness(static_cast<float>(brightness / std::max(all, 1)))];
}

}  // namespace stampd::fidelity
