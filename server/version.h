#pragma once

#include <string_view>

namespace stampd::server {

/// "0.1.0"
std::string_view Version();

}  // namespace stampd::server
