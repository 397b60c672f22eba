#include "client/terminal.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ostream>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace stampd::client {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int Columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return BarStyle().columns;
  return size.ws_col;
}

bool LocaleIsUtf8() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = Environment(name);
    if (!locale.empty()) break;
  }
  std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

Terminal DetectTerminal() {
  Terminal terminal;
  terminal.interactive = isatty(STDERR_FILENO) != 0;
  terminal.style.columns = Columns();
  terminal.style.color = Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
  terminal.style.unicode = LocaleIsUtf8();
  return terminal;
}

void StatusLine::Draw(const ProgressState& state) {
  if (!terminal_.interactive) return;
  terminal_.style.columns = Columns();
  stream_ << '\r' << RenderProgress(state, terminal_.style) << std::flush;
  drawn_ = true;
}

void StatusLine::Clear() {
  if (!drawn_) return;
  stream_ << '\r' << std::string(static_cast<std::size_t>(std::max(terminal_.style.columns - 1, 1)), ' ') << '\r' << std::flush;
  drawn_ = false;
}

}  // namespace stampd::client
