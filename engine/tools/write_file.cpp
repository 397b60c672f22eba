#include "engine/tools/write_file.h"

#include <fstream>

#include <unistd.h>

#include "engine/base/error.h"

namespace stampd::tools {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(const fs::path& file) { throw Broken("[stampq] can't write " + file.string()); }

bool Write(const fs::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return !out.fail();
}

}  // namespace

void WriteFile(const fs::path& file, std::string_view bytes) {
  std::error_code error;
  if (fs::exists(file, error) && !fs::is_regular_file(file, error)) {  // a pipe, a terminal: nothing to take the place of
    if (!Write(file, bytes)) Fail(file);
    return;
  }
  const fs::path target = fs::weakly_canonical(file, error);  // a link stays one
  if (error) Fail(file);
  const fs::path part = fs::path(target).concat(".part");
  if (Write(part, bytes))
    fs::rename(part, target, error);
  else
    error = std::make_error_code(std::errc::io_error);
  if (!error) return;
  fs::remove(part, error);
  Fail(file);
}

void CheckWritable(const fs::path& file) {
  std::error_code error;
  const fs::path folder = fs::absolute(file, error).parent_path();
  if (error || fs::is_directory(file, error) || !fs::is_directory(folder, error) || access(folder.c_str(), W_OK) != 0) Fail(file);
}

}  // namespace stampd::tools
