#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace stampd::fidelity {

/// One object in a picture.
struct SeenObject {
  std::string shape;   // "circle", "square", "triangle", "ring", "star"; "" if it has none of these shapes
  std::string colour;  // "red", "orange", "yellow", "green", "blue", "purple", "white", "black"; "grey" if it has none of these
  cv::Rect2d box;      // x in units of the picture's width, y, down, of its height
  double area = 0;     // share of the picture

  cv::Point2d Centre() const { return (box.tl() + box.br()) / 2; }
};

/// What can be seen in a picture (RGB, CV_8UC3, any size) of one or a few plainly coloured objects on a quiet background, largest
/// first. Knows nothing of the prompt. Objects that touch are told apart by their colours. Throws Broken if the picture is of
/// another type.
std::vector<SeenObject> LookAt(const cv::Mat& picture);

}  // namespace stampd::fidelity
