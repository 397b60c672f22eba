#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/io/config.h"

namespace stampd::samplers {

/// `[scheduler] FILE: KEY: expected …, found …`, to be thrown.
inline Broken Unsupported(const io::Config& config, std::string_view key, const std::string& expected, const std::string& found) {
  return Broken("[scheduler] " + config.file() + ": " + std::string(key) + ": expected " + expected + ", found " + found);
}

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

/// The value that config[key] names, `fallback` standing for an absent key. Broken, with all the names, for another one.
template <typename T>
T Choice(const io::Config& config, std::string_view key, std::string_view fallback, std::span<const Named<T>> choices) {
  const std::string found = config.String(key, std::string(fallback));
  std::string expected;
  for (const Named<T>& choice : choices) {
    if (choice.name == found) return choice.value;
    expected += (expected.empty() ? "" : " or ") + std::string(choice.name);
  }
  throw Unsupported(config, key, expected, found);
}

template <typename T>
T Choice(const io::Config& config, std::string_view key, std::string_view fallback, std::initializer_list<Named<T>> choices) {
  return Choice(config, key, fallback, std::span<const Named<T>>(choices.begin(), choices.size()));
}

/// A key that asks for what no sampler here does.
inline void Refuse(const io::Config& config, std::string_view key, const std::string& reason) {
  if (config.Bool(key, false)) throw Unsupported(config, key, "false (" + reason + ")", "true");
}

}  // namespace stampd::samplers
