#include "client/output_files.h"

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include <unistd.h>

#include "client/usage_error.h"

namespace stampd::client {
namespace fs = std::filesystem;
namespace {

void Write(const fs::path& path, std::string_view data) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(data.data(), static_cast<std::streamsize>(data.size()));
  file.close();
  if (file.fail()) {
    throw fs::filesystem_error("cannot write", path, std::error_code(errno != 0 ? errno : EIO, std::generic_category()));
  }
}

bool IsSpecial(const fs::path& path) {
  const fs::file_status status = fs::status(path);
  return fs::exists(status) && !fs::is_regular_file(status);
}

// Gone again unless it was renamed in time.
class PartFile {
 public:
  explicit PartFile(const fs::path& path) : path_(path.string() + ".part-" + std::to_string(getpid())) {}
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

fs::path ImagePath(const fs::path& output, int index, int count) {
  if (count <= 1) return output;
  return output.parent_path() / (output.stem().string() + "-" + std::to_string(index) + output.extension().string());
}

fs::path PreviewPath(const fs::path& image, int step) {
  return image.parent_path() / (image.stem().string() + ".preview-" + std::to_string(step) + ".jpg");
}

void CheckFolder(const fs::path& output) {
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) throw UsageError("--output: there is no folder '" + folder.string() + "'");
  if (!output.has_filename() || fs::is_directory(output)) {
    throw UsageError("--output: expected a file, found the folder '" + output.string() + "'");
  }
}

void WriteWhole(const fs::path& path, std::string_view data) {
  if (IsSpecial(path)) return Write(path, data);
  const fs::path target = fs::weakly_canonical(path);
  const PartFile part(target);
  Write(part.path(), data);
  fs::rename(part.path(), target);
}

}  // namespace stampd::client
