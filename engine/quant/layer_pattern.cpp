#include "engine/quant/layer_pattern.h"

#include <string>

namespace stampd::quant {
namespace {

// The usual greedy search: a mismatch goes back to the last star, which then swallows one character more.
bool Glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, after_star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

bool MatchesLayer(std::string_view pattern, std::string_view name) {
  return Glob("*." + std::string(pattern) + ".*", "." + std::string(name) + ".");
}

}  // namespace stampd::quant
