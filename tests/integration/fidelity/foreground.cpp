#include "tests/integration/fidelity/foreground.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace stampd::fidelity {
namespace {

constexpr float kLeastDifference = 0.16F;  // above what a mottled background does, below any two colours that lie on each other
constexpr float kDarkestShadow = 0.66F;    // of the background's light
constexpr float kBrightestGlow = 1.2F;
constexpr float kShadowTint = 0.07F;  // how far a shadow's colour may be from the background's in less light

using Plane = cv::Matx33f;  // [1, x, y] times this is a colour; x and y in units of the side

struct Sample {
  cv::Matx13f place;
  cv::Vec3f colour;
};

cv::Matx13f Place(int x, int y, const cv::Size& size) {
  return {1.F, (static_cast<float>(x) + 0.5F) / static_cast<float>(size.width),
          (static_cast<float>(y) + 0.5F) / static_cast<float>(size.height)};
}

cv::Vec3f ColourAt(const Plane& plane, const cv::Matx13f& place) {
  const cv::Matx13f colour = place * plane;
  return {colour(0), colour(1), colour(2)};
}

std::vector<Sample> Border(const cv::Mat& picture) {
  const int width = std::max(1, std::min(picture.rows, picture.cols) / 40);
  std::vector<Sample> samples;
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const bool is_inside = x >= width && y >= width && x < picture.cols - width && y < picture.rows - width;
      if (!is_inside) samples.push_back({Place(x, y, picture.size()), picture.at<cv::Vec3f>(y, x)});
    }
  }
  return samples;
}

Plane LeastSquares(const std::vector<Sample>& samples, const std::vector<double>& weights) {
  cv::Matx33d normal = cv::Matx33d::eye() * 1e-9, right = cv::Matx33d::zeros();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column) {
        normal(row, column) += weights[i] * samples[i].place(row) * samples[i].place(column);
        right(row, column) += weights[i] * samples[i].place(row) * samples[i].colour[column];
      }
    }
  }
  return cv::Matx33f(normal.solve(right, cv::DECOMP_CHOLESKY));
}

// Least squares whose weights fall with the distance from the last fit (Cauchy's weights), so that outliers lose their say.
Plane FitBackground(const cv::Mat& picture) {
  constexpr int kRounds = 8;
  constexpr double kScale = 0.04;
  const std::vector<Sample> samples = Border(picture);
  std::vector<double> weights(samples.size(), 1.0);
  Plane plane = LeastSquares(samples, weights);
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double distance = cv::norm(samples[i].colour - ColourAt(plane, samples[i].place)) / kScale;
      weights[i] = 1 / (1 + distance * distance);
    }
    plane = LeastSquares(samples, weights);
  }
  return plane;
}

// The background in less light (or a little more) is still the background.
bool IsOtherLight(const cv::Vec3f& colour, const cv::Vec3f& background) {
  const float light = colour.dot(background) / std::max(background.dot(background), 1e-6F);
  return light > kDarkestShadow && light < kBrightestGlow && cv::norm(colour - light * background) < kShadowTint;
}

}  // namespace

cv::Mat Foreground(const cv::Mat& picture) {
  const Plane plane = FitBackground(picture);
  cv::Mat mask(picture.size(), CV_8U);
  mask.forEach<unsigned char>([&](unsigned char& pixel, const int* place) {
    const cv::Vec3f& colour = picture.at<cv::Vec3f>(place[0], place[1]);
    const cv::Vec3f background = ColourAt(plane, Place(place[1], place[0], picture.size()));
    const bool differs = cv::norm(colour - background) > kLeastDifference;
    pixel = differs && !IsOtherLight(colour, background) ? 255 : 0;
  });
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
  return mask;
}

}  // namespace stampd::fidelity
