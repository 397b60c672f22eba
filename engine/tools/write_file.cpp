#include "engine/tools/write_file.h"

#include <fstream>

#include "engine/base/error.h"

namespace stampd::tools {

void WriteFile(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw Broken("[stampq] can't write " + file.string());
}

}  // namespace stampd::tools
