#pragma once

#include <iosfwd>

#include "client/terminal.h"

namespace stampd::client {

/// The world outside, so that tests can stand in for it.
struct Console {
  std::istream& in;
  std::ostream& out;  // results
  std::ostream& err;  // progress and complaints
  Terminal terminal;  // what `err` is
};

}  // namespace stampd::client
