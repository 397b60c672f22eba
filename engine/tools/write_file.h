#pragma once

#include <filesystem>
#include <string_view>

namespace stampd::tools {

/// Writes a whole file, over whatever lies there. Broken, with the path, if the disk refuses.
void WriteFile(const std::filesystem::path& file, std::string_view bytes);

}  // namespace stampd::tools
