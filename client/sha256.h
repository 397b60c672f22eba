#pragma once

#include <string>
#include <string_view>

namespace stampd::client {

/// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view data);

}  // namespace stampd::client
