#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/io/checkpoint.h"

namespace stampd::io {

/// SHA-256 as 64 lower-case hex digits (FIPS 180-4).
std::string Sha256(std::span<const std::byte> bytes);

/// SHA-256 of a file's content, the figure that `sha256sum` prints and that the Hugging Face Hub shows for a weight file.
/// Reads without mapping, so resident memory does not grow. Broken if it can't be read.
std::string FileSha256(const std::filesystem::path& file);

/// A file that a component holds, and its SHA-256.
struct FileDigest {
  std::string name;  // "transformer/config.json"
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// The regular files of all components (not of folders inside them), sorted by name; hashed in parallel.
std::vector<FileDigest> FileDigests(const Checkpoint& checkpoint);

/// One digest for all that decides what a checkpoint paints: the SHA-256 of the lines "<file's sha256>  <component>/<file name>\n"
/// over FileDigests. Anyone can repeat it with sha256sum.
std::string ModelDigest(const Checkpoint& checkpoint);
std::string ModelDigest(std::span<const FileDigest> files);

}  // namespace stampd::io
