#pragma once

#include <optional>
#include <string>

namespace stampd::client {

/// How far a request is.
struct ProgressState {
  int step = 0;
  int total = 0;                                          // 0: not begun
  int queue_position = 0;                                 // requests ahead, while not begun
  std::optional<double> seconds_per_step = std::nullopt;  // absent until measured
  std::optional<double> seconds_left = std::nullopt;      // absent while unknown
};

struct BarStyle {
  int columns = 80;      // of the terminal
  bool color = false;    // ANSI colours
  bool unicode = false;  // line-drawing characters, else ASCII
};

/// One line without its end, `columns - 1` columns wide (so that no terminal wraps it), padded with blanks so that it covers what
/// stood there before. What does not fit is left out: first the time left, then the rate, then the bar.
///
///   12/20 [=======================>               ]  60%  1.30 s/step  0:10 left
std::string RenderProgress(const ProgressState& state, const BarStyle& style);

/// "0:07", "12:30", "1:02:03". Rounded up: "0:00" is only said of nothing left.
std::string RenderDuration(double seconds);

/// "1.30 s/step", or "4.2 steps/s" where a step takes less than a second.
std::string RenderRate(double seconds_per_step);

}  // namespace stampd::client
