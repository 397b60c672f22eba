#pragma once

#include <array>
#include <string_view>

#include <opencv2/core.hpp>

namespace stampd::fidelity {

/// The shapes that objects can have; triangles stand on a side, stars have five points, one of them up.
constexpr std::array<std::string_view, 5> kShapes = {"circle", "square", "triangle", "ring", "star"};

/// The shape of a mask (CV_8U), one of kShapes, or "" if it has none of them.
///
/// The shape is the one that overlaps the mask best when stretched to its bounding box (intersection over union), unless the
/// overlap is bad, the mask is stretched too much, or its contours deny it: a ring has one hole and nothing else has any; only a
/// star leaves much of its convex hull empty.
std::string_view ShapeOf(const cv::Mat& mask);

}  // namespace stampd::fidelity
