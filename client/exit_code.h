#pragma once

namespace stampd::client {

/// What `stamp` tells the shell. Death by a signal adds 128 to the signal's number, as shells do: Ctrl-C is 130.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the server refused or failed, or its answer was no use
  kUsage = 2,        // a flag, a configuration file or the place to write to is wrong; nothing was sent
  kUnreachable = 3,  // no connection
  kLate = 4,         // --timeout passed
  kInterrupted = 130,
  kTerminated = 143,
};

}  // namespace stampd::client
