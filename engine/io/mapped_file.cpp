#include "engine/io/mapped_file.h"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/io/open_file.h"

namespace stampd::io {

MappedFile::MappedFile(std::filesystem::path path) : path_(std::move(path)) {
  const OpenFile file(path_, "safetensors");
  if (file.size() == 0) return;  // mmap refuses an empty range
  void* address = mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (address == MAP_FAILED) {
    throw Broken("[safetensors] " + path_.string() + ": can't map " + std::to_string(file.size()) +
                 " bytes: " + std::generic_category().message(errno));
  }
  bytes_ = {static_cast<const std::byte*>(address), file.size()};
}

MappedFile::MappedFile(MappedFile&& other) noexcept : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::Drop(std::span<const std::byte> part) const {
  const std::uintptr_t page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t from = reinterpret_cast<std::uintptr_t>(part.data());
  const std::uintptr_t first = (from + page - 1) / page * page;
  const std::uintptr_t end = (from + part.size()) / page * page;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);  // advice: a refusal costs only memory
}

}  // namespace stampd::io
