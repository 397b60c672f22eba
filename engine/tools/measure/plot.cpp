#include "engine/tools/measure/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sstream>

namespace stampd::tools {
namespace {

constexpr double kWidth = 900, kHeight = 430;
constexpr double kLeft = 60, kRight = 660, kTop = 40, kBottom = 370;
constexpr double kLegendLine = 18, kLetter = 7;
// Okabe and Ito's colours, which colour-blind readers can tell apart.
constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;

  void Include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// About six round numbers that lie around a range.
double RoundStep(const Range& range) {
  const double rough = (range.high - range.low) / 6, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1., 2., 5.}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

// One axis: values to places on the paper.
class Scale {
 public:
  Scale(Range range, double from, double to) : from_(from), to_(to) {
    if (!(range.high > range.low)) range = {range.low - 1, range.low + 1};
    step_ = RoundStep(range);
    low_ = std::floor(range.low / step_) * step_;
    high_ = std::ceil(range.high / step_) * step_;
  }

  double operator()(double value) const { return from_ + (value - low_) / (high_ - low_) * (to_ - from_); }

  std::vector<double> Ticks() const {
    std::vector<double> ticks;
    for (int i = 0; low_ + i * step_ <= high_ + step_ / 2; ++i) ticks.push_back(low_ + i * step_);
    return ticks;
  }

 private:
  double from_, to_, low_ = 0, high_ = 1, step_ = 1;
};

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return escaped;
}

class Paper {
 public:
  Paper() {
    out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << kWidth << "\" height=\"" << kHeight << "\" viewBox=\"0 0 "
         << kWidth << ' ' << kHeight << "\" font-family=\"sans-serif\" font-size=\"12\">\n"
         << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  }

  void Text(double x, double y, const std::string& text, const char* anchor, const char* extra = "") {
    out_ << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor << "\" " << extra << '>' << Escaped(text)
         << "</text>\n";
  }
  void Stroke(double x1, double y1, double x2, double y2, const char* colour, double width = 1) {
    out_ << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2 << "\" stroke=\"" << colour
         << "\" stroke-width=\"" << width << "\"/>\n";
  }
  void Curve(const std::vector<std::pair<double, double>>& points, const char* colour) {
    out_ << "<polyline fill=\"none\" stroke=\"" << colour << "\" stroke-width=\"2\" points=\"";
    for (const auto& [x, y] : points) out_ << x << ',' << y << ' ';
    out_ << "\"/>\n";
    for (const auto& [x, y] : points) out_ << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\"3\" fill=\"" << colour << "\"/>\n";
  }
  std::string Finish() {
    out_ << "</svg>\n";
    return out_.str();
  }

 private:
  std::ostringstream out_;
};

std::string Number(double value) {
  std::ostringstream text;
  text << std::round(value * 1e6) / 1e6;
  return text.str();
}

std::vector<Tick> RoundTicks(const Scale& scale) {
  std::vector<Tick> ticks;
  for (const double tick : scale.Ticks()) ticks.push_back({tick, Number(tick), {}});
  return ticks;
}

void DrawAxes(Paper& paper, const Axes& axes, const Scale& x, const Scale& y) {
  double free = 0;  // where the next text has room
  for (const Tick& tick : axes.x_ticks.empty() ? RoundTicks(x) : axes.x_ticks) {
    const double at = x(tick.at);
    const double half = kLetter * static_cast<double>(std::max(tick.text.size(), tick.below.size())) / 2;
    paper.Stroke(at, kTop, at, kBottom, "#e0e0e0");
    if (at - half < free) continue;
    free = at + half + kLetter;
    paper.Text(at, kBottom + 16, tick.text, "middle");
    if (!tick.below.empty()) paper.Text(at, kBottom + 30, tick.below, "middle", "fill=\"#707070\"");
  }
  for (const double tick : y.Ticks()) {
    paper.Stroke(kLeft, y(tick), kRight, y(tick), "#e0e0e0");
    paper.Text(kLeft - 6, y(tick) + 4, Number(tick), "end");
  }
  paper.Text(kLeft, kTop - 16, axes.title, "start", "font-weight=\"bold\"");
  paper.Text((kLeft + kRight) / 2, kHeight - 10, axes.x, "middle");
  paper.Text(16, (kTop + kBottom) / 2, axes.y, "middle", "transform=\"rotate(-90 16 205)\"");
}

}  // namespace

std::string Plot(const Axes& axes, const std::vector<Line>& lines) {
  Range across, up;
  for (const Line& line : lines) {
    for (const double value : line.x) across.Include(value);
    for (const double value : line.y) up.Include(value);
  }
  const Scale x(across, kLeft, kRight), y(up, kBottom, kTop);
  Paper paper;
  DrawAxes(paper, axes, x, y);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const char* const colour = kColours[i % kColours.size()];
    std::vector<std::pair<double, double>> points;
    for (std::size_t p = 0; p < lines[i].x.size(); ++p) {
      if (std::isfinite(lines[i].y[p])) points.emplace_back(x(lines[i].x[p]), y(lines[i].y[p]));
    }
    paper.Curve(points, colour);
    const double at = kTop + kLegendLine * static_cast<double>(i);
    paper.Stroke(kRight + 12, at, kRight + 32, at, colour, 2);
    paper.Text(kRight + 38, at + 4, lines[i].name, "start");
  }
  return paper.Finish();
}

}  // namespace stampd::tools
