#include "client/image_size.h"

#include <charconv>
#include <optional>
#include <string>

#include "client/usage_error.h"

namespace stampd::client {
namespace {

std::optional<int> ParsePositive(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

}  // namespace

ImageSize ParseImageSize(std::string_view text) {
  const std::size_t cross = text.find('x');
  if (cross != std::string_view::npos) {
    const std::optional<int> width = ParsePositive(text.substr(0, cross));
    const std::optional<int> height = ParsePositive(text.substr(cross + 1));
    if (width && height) return {*width, *height};
  }
  throw UsageError("--size: expected WIDTHxHEIGHT in pixels, such as 512x384, found '" + std::string(text) + "'");
}

}  // namespace stampd::client
