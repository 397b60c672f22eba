#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "engine/io/checkpoint.h"

namespace stampd::io {

/// SHA-256 as 64 lower-case hex digits (FIPS 180-4).
std::string Sha256(std::span<const std::byte> bytes);

/// SHA-256 of a file's content, the figure that `sha256sum` prints and that the Hugging Face Hub shows for a weight file.
/// Reads without mapping, so resident memory does not grow. Broken if it can't be read.
std::string FileSha256(const std::filesystem::path& file);

/// One digest for all that decides what a checkpoint paints: the SHA-256 of the lines "<file's sha256>  <component>/<file name>\n"
/// over the regular files of all components, sorted by that name. Anyone can repeat it with sha256sum. Files are hashed in
/// parallel.
std::string ModelDigest(const Checkpoint& checkpoint);

}  // namespace stampd::io
