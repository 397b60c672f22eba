#pragma once

#include <string>
#include <vector>

namespace stampd::tools {

struct Line {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

struct Tick {
  double at = 0;
  std::string text;
  std::string below;  // a second line of text
};

struct Axes {
  std::string title;
  std::string x;
  std::string y;
  std::vector<Tick> x_ticks =
      {};  // from left to right; none: round numbers. Text that has no room beside the one before is left out
};

/// Lines with points, a legend at the right, axes with round numbers, as SVG. Points that are not finite are left out.
std::string Plot(const Axes& axes, const std::vector<Line>& lines);

}  // namespace stampd::tools
