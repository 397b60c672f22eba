#include "server/endpoint.h"

#include <charconv>

namespace stampd::server {

std::optional<Endpoint> ParseEndpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Endpoint endpoint{.host = std::string(text.substr(0, colon))};
  const bool has_brackets = endpoint.host.front() == '[' && endpoint.host.back() == ']';
  if (endpoint.host.find(':') != std::string::npos && !has_brackets) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size() && digits.front() != '-';
  if (!is_number || endpoint.port > 65535) return std::nullopt;
  return endpoint;
}

}  // namespace stampd::server
