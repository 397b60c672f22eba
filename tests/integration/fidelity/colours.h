#pragma once

#include <array>
#include <string_view>

#include <opencv2/core.hpp>

namespace stampd::fidelity {

/// The colours that objects can have, and "grey", which none has.
constexpr std::array<std::string_view, 9> kColours = {"red",    "orange", "yellow", "green", "blue",
                                                      "purple", "white",  "black",  "grey"};

/// The index into kColours of each pixel's nearest colour (CV_8U): by hue where there is colour, else by brightness. `picture` is
/// RGB, CV_32FC3 in [0, 1].
cv::Mat ColourOfPixels(const cv::Mat& picture);

/// The colour that the pixels of a mask have together: of the highest peak in their histogram of hues if most of them have colour,
/// else by their mean brightness.
std::string_view ColourOf(const cv::Mat& picture, const cv::Mat& mask);

}  // namespace stampd::fidelity
