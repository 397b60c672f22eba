#pragma once

#include <opencv2/core.hpp>

namespace stampd::fidelity {

/// What stands out from a picture's background (CV_8U, 255 where it does). `picture` is RGB, CV_32FC3 in [0, 1].
///
/// The background may be plain, a gradient or mottled: it is a plane per channel, fitted to the picture's border such that objects
/// which touch the border count little. A soft shadow belongs to the background.
cv::Mat Foreground(const cv::Mat& picture);

}  // namespace stampd::fidelity
