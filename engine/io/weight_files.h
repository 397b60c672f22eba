#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stampd::io {

/// Which files hold a component's weights. Without an index there is one file and no map.
struct WeightFiles {
  std::vector<std::filesystem::path> files;
  std::filesystem::path index;
  std::map<std::string, std::string> weight_map;  // tensor -> file name in the folder
};

/// The search that TensorArchive::Open documents; Broken if it finds nothing or an index that can't be right.
WeightFiles FindWeightFiles(const std::filesystem::path& folder, std::string_view stem, std::string_view preferred_variant);

}  // namespace stampd::io
