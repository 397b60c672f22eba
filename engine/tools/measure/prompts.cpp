#include "engine/tools/measure/prompts.h"

#include <fstream>

#include "engine/base/error.h"
#include "engine/io/config.h"

namespace stampd::tools {

std::vector<Prompt> ReadPrompts(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw Broken("[prompts] can't read " + file.string());
  const bool json = file.extension() == ".jsonl";
  std::vector<Prompt> prompts;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    Prompt prompt{line, prompts.size()};
    if (json) {
      const io::Config object = io::Config::Parse(line, file.string() + ", line " + std::to_string(number));
      prompt = {object.String("prompt"), static_cast<std::uint64_t>(object.Int("seed", static_cast<std::int64_t>(prompts.size())))};
    }
    prompts.push_back(std::move(prompt));
  }
  if (prompts.empty()) throw Broken("[prompts] " + file.string() + ": expected prompts, found none");
  return prompts;
}

}  // namespace stampd::tools
