#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/image_size.h"
#include "stampd/v1/text_to_image.pb.h"

namespace stampd::client {

/// What to paint; 0, empty and absent leave it to the server.
struct Wish {
  std::string model;
  std::string prompt;
  std::string negative_prompt;
  ImageSize size;
  int steps = 0;
  std::optional<double> guidance_scale;
  std::optional<std::uint64_t> seed;
  int count = 1;
  v1::OutputFormat format = v1::OUTPUT_FORMAT_UNSPECIFIED;
  std::optional<int> quality;
  bool embed_metadata = false;
  std::string precision;
  std::string scheduler;
  std::string request_id;
  int preview_every = 0;
  int preview_side = 0;
  std::optional<bool> clean_caption;
  std::optional<bool> use_resolution_binning;
};

/// Limits are the server's to check: it knows the model's, and lists every wrong field.
v1::GenerateRequest MakeRequest(const Wish& wish);

}  // namespace stampd::client
