#pragma once

namespace stampd::server {

/// The server's own limits on a request, inclusive; the model's are in ModelInfo.
struct Limits {
  int max_queue = 64;  // requests waiting
  int max_images = 4;
  int max_prompt_bytes = 65536;
  int max_preview_side = 512;
};

constexpr int kDefaultQuality = 90;
constexpr int kMaxRequestIdBytes = 64;

}  // namespace stampd::server
