#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stampd::server {

/// Where to listen: "0.0.0.0:50051", "[::]:0", "localhost:9464". Port 0 picks a free one.
struct Endpoint {
  std::string host;  // as written: an IPv6 address keeps its brackets
  int port = 0;

  std::string ToString() const { return host + ":" + std::to_string(port); }
};

/// Nothing if `text` is not HOST:PORT with a port from 0 to 65535.
std::optional<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace stampd::server
