#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace stampd::tools {

struct Prompt {
  std::string text;
  std::uint64_t seed = 0;
};

/// One prompt a line: plain text with seeds 0, 1, 2, …, or, in a file that ends in .jsonl, objects with `prompt` and, if one is
/// wanted, `seed`. Empty lines are left out. Broken, with file and line, for anything else and for a file without prompts.
std::vector<Prompt> ReadPrompts(const std::filesystem::path& file);

}  // namespace stampd::tools
