#include "engine/tools/component_flags.h"

#include "engine/base/error.h"

namespace stampd::tools {

std::map<std::string, std::filesystem::path> ParseComponents(const std::vector<std::string>& flags) {
  std::map<std::string, std::filesystem::path> components;
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    if (equals == 0 || equals == flag.npos || equals + 1 == flag.size()) {
      throw BadRequest("component", "expected NAME=DIR, found " + flag);
    }
    const std::string name = flag.substr(0, equals);
    if (!components.emplace(name, flag.substr(equals + 1)).second) {
      throw BadRequest("component", "expected each component once, found " + name + " twice");
    }
  }
  return components;
}

}  // namespace stampd::tools
