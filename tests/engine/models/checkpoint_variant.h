#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace stampd::testing {

/// A copy of tests/data/`name`, a component's folder, in which `from` in config.json reads `to`. The next one takes its place.
inline std::filesystem::path CheckpointVariant(const std::string& name, const std::string& from, const std::string& to) {
  namespace fs = std::filesystem;
  constexpr const char* kWeights = "diffusion_pytorch_model.safetensors";
  const fs::path source = fs::path("tests/data") / name;
  const fs::path folder = fs::path(::testing::TempDir()) / (name + "_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  fs::copy_file(source / kWeights, folder / kWeights, fs::copy_options::overwrite_existing);
  std::stringstream text;
  text << std::ifstream(source / "config.json").rdbuf();
  std::string config = text.str();
  config.replace(config.find(from), from.size(), to);
  std::ofstream(folder / "config.json") << config;
  return folder;
}

}  // namespace stampd::testing
