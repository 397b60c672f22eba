#include "engine/instruction.h"

#include "engine/base/error.h"
#include "engine/io/open_file.h"
#include "engine/text/unicode_text.h"

namespace stampd {

std::string ReadInstruction(const io::Checkpoint& checkpoint, const std::filesystem::path& file) {
  constexpr std::uint64_t kMaxBytes = 64 << 10;
  const std::filesystem::path usual = checkpoint.Get("tokenizer").folder / "complex_human_instruction.txt";
  if (file.empty() && !std::filesystem::exists(usual)) return {};
  const std::filesystem::path& given = file.empty() ? usual : file;
  std::string instruction = io::ReadFile(given, kMaxBytes, "instruction");
  if (text::ValidUtf8(instruction) == instruction) return instruction;
  throw Broken("[instruction] " + given.string() + ": expected UTF-8, found other bytes");
}

}  // namespace stampd
