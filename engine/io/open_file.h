#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace stampd::io {

/// A regular file open for reading, and its size at that moment. Every failure is Broken and begins with "[place] path:".
class OpenFile {
 public:
  OpenFile(const std::filesystem::path& path, std::string_view place);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int descriptor() const { return descriptor_; }
  std::uint64_t size() const { return size_; }

  /// Fills `buffer` from `offset`; less than its size only at the end of the file. Thread-safe.
  std::size_t ReadAt(std::uint64_t offset, std::span<std::byte> buffer) const;

 private:
  std::string start_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// The whole of a small file; Broken if it has more than `max_bytes`.
std::string ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes, std::string_view place);

}  // namespace stampd::io
