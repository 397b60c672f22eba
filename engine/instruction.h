#pragma once

#include <filesystem>
#include <string>

#include "engine/io/checkpoint.h"

namespace stampd {

/// What a pipeline that was trained with an instruction before its prompts puts there. Published checkpoints don't hold it, because
/// diffusers keeps it in its program; deploy/extract_instruction.py takes it from there into a file.
///
/// Reads `file`, or, where that is empty, complex_human_instruction.txt in the tokenizer's folder, byte for byte; empty if there is
/// none. Broken, naming the file, if it can't be read, is not UTF-8 or has more than 64 KiB.
std::string ReadInstruction(const io::Checkpoint& checkpoint, const std::filesystem::path& file);

}  // namespace stampd
