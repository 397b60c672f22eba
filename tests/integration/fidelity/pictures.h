#pragma once

#include <filesystem>
#include <string>

#include <opencv2/core.hpp>

namespace stampd::fidelity {

/// How picture `index` of a list of prompts is called: "000", "001" …
std::string PictureName(std::size_t index);

/// Picture `index` of a folder, a file such as 000.png or 000.jpg, as RGB, CV_8UC3. Throws Broken if there is none.
cv::Mat ReadPicture(const std::filesystem::path& folder, std::size_t index);

/// The same for the bytes of a file; `name` is for the message.
cv::Mat DecodePicture(const std::string& file, const std::string& name);

}  // namespace stampd::fidelity
