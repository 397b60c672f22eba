#pragma once

#include <iosfwd>
#include <string>

#include "client/progress_bar.h"

namespace stampd::client {

/// What standard error is. Without a terminal nothing is drawn.
struct Terminal {
  bool interactive = false;
  BarStyle style;
};

/// Asks the terminal and the environment: NO_COLOR and TERM=dumb take the colours, a locale without UTF-8 the line drawing.
Terminal DetectTerminal();

/// One line at the bottom of a terminal that is drawn again and again in place. Gone when destroyed, so that what is printed
/// next starts on a clean line.
class StatusLine {
 public:
  StatusLine(std::ostream& stream, const Terminal& terminal) : stream_(stream), terminal_(terminal) {}
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine() { Clear(); }

  void Draw(const ProgressState& state);
  void Clear();

 private:
  std::ostream& stream_;
  Terminal terminal_;
  bool drawn_ = false;
};

}  // namespace stampd::client
