#include "engine/io/open_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/error.h"

namespace stampd::io {

// O_NONBLOCK: opening a FIFO would otherwise wait for a writer; on regular files it changes nothing.
OpenFile::OpenFile(const std::filesystem::path& path, std::string_view place)
    : start_("[" + std::string(place) + "] " + path.string() + ": "),
      descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  const std::string expected = start_ + "expected a readable file, found: ";
  if (descriptor_ < 0) throw Broken(expected + std::generic_category().message(errno));
  struct stat status {};
  if (fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(descriptor_);
    throw Broken(expected + (S_ISDIR(status.st_mode) ? "a directory" : "not a regular file"));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

OpenFile::~OpenFile() { close(descriptor_); }

std::size_t OpenFile::ReadAt(std::uint64_t offset, std::span<std::byte> buffer) const {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t got = pread(descriptor_, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Broken(start_ + "can't read: " + std::generic_category().message(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::string ReadFile(const std::filesystem::path& path, std::uint64_t max_bytes, std::string_view place) {
  const OpenFile file(path, place);
  if (file.size() > max_bytes) {
    throw Broken("[" + std::string(place) + "] " + path.string() + ": expected at most " + std::to_string(max_bytes) +
                 " bytes, found " + std::to_string(file.size()));
  }
  std::string text(file.size(), '\0');
  text.resize(file.ReadAt(0, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace stampd::io
