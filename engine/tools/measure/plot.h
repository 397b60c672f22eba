#pragma once

#include <string>
#include <vector>

namespace stampd::tools {

struct Line {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

struct Axes {
  std::string title;
  std::string x;
  std::string y;
};

/// Lines with points, a legend at the right, axes with round numbers, as SVG. Points that are not finite are left out.
std::string Plot(const Axes& axes, const std::vector<Line>& lines);

}  // namespace stampd::tools
