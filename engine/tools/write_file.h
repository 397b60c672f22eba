#pragma once

#include <filesystem>
#include <string_view>

namespace stampd::tools {

/// Writes a file, over whatever lies there; it is NAME.part until it is whole. Broken, with the path, if the disk refuses.
void WriteFile(const std::filesystem::path& file, std::string_view bytes);

/// For before long work: Broken if there is no folder that the file could be written to.
void CheckWritable(const std::filesystem::path& file);

}  // namespace stampd::tools
