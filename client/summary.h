#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stampd/v1/text_to_image.pb.h"

namespace stampd::client {

/// A picture that arrived and was written.
struct SavedImage {
  std::filesystem::path path;
  v1::Image facts;  // without its data
  std::size_t bytes = 0;
};

/// One line a picture: path, size, seed, the server's seconds for the whole request.
std::string RenderSummary(const std::vector<SavedImage>& images, const v1::Done& done);

/// One line of JSON with everything that the server told. The seed is a string, as protobuf's JSON has all 64-bit numbers: many
/// readers of JSON round them.
std::string RenderJson(const std::vector<SavedImage>& images, const v1::Done& done);

}  // namespace stampd::client
