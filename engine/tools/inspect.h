#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/io/checkpoint.h"
#include "engine/io/digest.h"
#include "engine/io/tensor_archive.h"

namespace stampd::tools {

struct ComponentReport {
  io::Component component;
  std::vector<io::FileDigest> files;
  std::shared_ptr<const io::TensorArchive> weights;  // null if it has none
  std::set<std::string> dtypes;
  std::string recipe;  // that its weights were quantized by; empty: none
  std::uint64_t parameters = 0;
  std::uint64_t weight_bytes = 0;  // of the tensors themselves
};

struct CheckpointReport {
  std::filesystem::path folder;
  std::string pipeline_class;
  std::string digest;
  std::vector<ComponentReport> components;
};

/// Reads all of a checkpoint's files, and checks its weight files as loading would. Broken as io's readers are.
CheckpointReport Inspect(const std::filesystem::path& folder, const std::map<std::string, std::filesystem::path>& overrides);

/// For people, and for programs; `tensors` adds each tensor's name, dtype and shape.
std::string TableText(const CheckpointReport& report, bool tensors);
std::string JsonText(const CheckpointReport& report, bool tensors);

}  // namespace stampd::tools
