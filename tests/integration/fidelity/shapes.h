#pragma once

#include <array>
#include <string_view>

#include <opencv2/core.hpp>

namespace stampd::fidelity {

/// The shapes that objects can have; triangles stand on a side, stars have five points, one of them up.
constexpr std::array<std::string_view, 5> kShapes = {"circle", "square", "triangle", "ring", "star"};

/// The shape of a mask (CV_8U), one of kShapes, or "" if it has none of them.
///
/// The shape is the one that overlaps the mask best (intersection over union) when both are stretched to the same centroid and the
/// same deviations along x and y, unless the overlap is bad or another shape's is almost as good, the mask had to be stretched
/// much, or its contours deny it: a ring has a hole and nothing else has any; only a star leaves much of its convex hull empty.
std::string_view ShapeOf(const cv::Mat& mask);

}  // namespace stampd::fidelity
