#pragma once

#include "client/console.h"
#include "client/exit_code.h"

namespace stampd::client {

/// The whole program: reads the command line, does what it says, reports to `console`.
ExitCode RunStamp(int argc, const char* const* argv, const Console& console);

}  // namespace stampd::client
