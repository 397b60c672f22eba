#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace stampd::tools {

/// Values of --component, NAME=DIR each, every name once. Throws BadRequest for anything else.
std::map<std::string, std::filesystem::path> ParseComponents(const std::vector<std::string>& flags);

}  // namespace stampd::tools
