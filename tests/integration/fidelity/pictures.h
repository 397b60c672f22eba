#pragma once

#include <filesystem>
#include <string>

#include <opencv2/core.hpp>

#include "client/connection.h"
#include "client/request.h"

namespace stampd::fidelity {

/// The name of picture `index` in a folder: 000.png, 001.png …
std::filesystem::path PicturePath(const std::filesystem::path& folder, std::size_t index);

/// A picture's file as RGB, CV_8UC3. Throws Broken if it is none.
cv::Mat ReadPicture(const std::filesystem::path& file);

/// The same for a file that is in memory; `name` is for the message.
cv::Mat DecodePicture(const std::string& file, const std::string& name);

/// Lets a server paint one picture: a PNG file. Throws std::runtime_error with what the server said.
std::string Paint(const client::Wish& wish, const client::ServerOptions& server);

}  // namespace stampd::fidelity
