#pragma once

#include <string>
#include <string_view>

namespace stampd::server {

/// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace stampd::server
