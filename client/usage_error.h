#pragma once

#include <stdexcept>

namespace stampd::client {

/// The command line asks for something that can't be; found before anything was sent.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace stampd::client
