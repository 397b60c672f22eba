#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "engine/io/tensor_archive.h"

namespace stampd::io {

/// The tensors of one safetensors file, in the order of their data. `bytes` is the whole file, 8-byte aligned; the records point
/// into it. Broken for whatever TensorArchive refuses in a single file.
std::vector<TensorRecord> ParseSafetensors(std::span<const std::byte> bytes, const std::filesystem::path& file);

}  // namespace stampd::io
