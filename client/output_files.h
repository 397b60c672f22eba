#pragma once

#include <filesystem>
#include <string_view>

namespace stampd::client {

/// Where picture `index` of `count` goes: the path itself for one picture, else with the index before the extension:
/// out.png -> out-0.png, out-1.png …
std::filesystem::path ImagePath(const std::filesystem::path& output, int index, int count);

/// Where the preview of a picture after `step` goes: out.png -> out.preview-12.jpg.
std::filesystem::path PreviewPath(const std::filesystem::path& image, int step);

/// Throws UsageError unless the folder that `output` names is there. Found out before minutes of painting, not after.
void CheckFolder(const std::filesystem::path& output);

/// Puts `data` at `path`, whole or not at all: a file beside it is written first and renamed. Follows symbolic links; writes
/// straight into what is no regular file (a device, a pipe). Throws std::filesystem::filesystem_error.
void WriteWhole(const std::filesystem::path& path, std::string_view data);

}  // namespace stampd::client
