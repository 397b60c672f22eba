#pragma once

#include <string_view>

namespace stampd::client {

/// Pixels. 0 x 0 leaves the size to the server.
struct ImageSize {
  int width = 0;
  int height = 0;
};

/// "512x384" -> {512, 384}. Throws UsageError unless the text is two positive decimal numbers with an `x` between.
ImageSize ParseImageSize(std::string_view text);

}  // namespace stampd::client
