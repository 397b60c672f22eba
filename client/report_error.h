#pragma once

#include <string>

#include "client/connection.h"
#include "client/exit_code.h"

namespace stampd::client {

ExitCode ExitCodeOf(const Outcome& outcome);

/// A failed call for a person to read, lines ended: the code and message, then what the rich details (google.rpc.Status in the
/// trailer) add, one thing a line: every wrong field, when to come back, the request's id.
///
///   stamp: INVALID_ARGUMENT: 2 fields are wrong
///     width: 500, expected a multiple of 8
///     steps: 0, expected 1 to 100
///     request id: 7f3a
std::string DescribeError(const Outcome& outcome, const std::string& address);

}  // namespace stampd::client
