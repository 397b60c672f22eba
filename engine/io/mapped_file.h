#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace stampd::io {

/// A regular file mapped for reading. Broken, with the path, if it is not one or can't be opened.
///
/// The file must not shrink while it is mapped: the kernel answers a read beyond its end with SIGBUS. Replacing it by renaming
/// another one over it, as downloaders do, is harmless.
class MappedFile {
 public:
  explicit MappedFile(std::filesystem::path path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::span<const std::byte> bytes() const { return bytes_; }  // starts on a page boundary

  /// Drops those pages that lie wholly in `part` from resident memory; a later read brings them back.
  void Drop(std::span<const std::byte> part) const;

 private:
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

}  // namespace stampd::io
