#pragma once

#include <string>
#include <string_view>

namespace stampd::server {

// Text put into finished image files, whose pixels stay as they are. Each throws Broken if `file` is not what its name says.

/// An uncompressed iTXt chunk behind IHDR (PNG, third edition, 11.3.3.4). `keyword`: 1 to 79 Latin-1 characters; `text`: UTF-8.
std::string WithPngText(std::string_view file, std::string_view keyword, std::string_view text);

/// The most that fits into a JPEG's APP1 segment.
constexpr std::size_t kMaxJpegDescription = 65535 - 2 - 6 - 27;

/// An APP1 segment with EXIF 2.3 ImageDescription, behind the JFIF header. `description`: ASCII, at most kMaxJpegDescription bytes.
std::string WithJpegDescription(std::string_view file, std::string_view description);

/// The simple file format (one VP8 or VP8L chunk) made an extended one with an EXIF chunk that holds ImageDescription (WebP
/// container specification). `description`: ASCII. `width`, `height`: of the picture, 1 to 16384.
std::string WithWebpDescription(std::string_view file, int width, int height, std::string_view description);

}  // namespace stampd::server
