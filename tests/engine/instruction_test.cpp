#include "engine/instruction.h"

#include <gtest/gtest.h>

#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd {
namespace {

class InstructionTest : public ::testing::Test {
 protected:
  InstructionTest() {
    folder_.Write("model_index.json", R"({"_class_name": "SanaPipeline", "tokenizer": ["transformers", "GemmaTokenizer"]})");
    std::filesystem::create_directories(folder_.path() / "tokenizer");
  }
  std::string Read(const std::filesystem::path& file = {}) const {
    return ReadInstruction(io::Checkpoint::Open(folder_.path()), file);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(InstructionTest, IsEmptyWhereThereIsNone) { EXPECT_EQ(Read(), ""); }

TEST_F(InstructionTest, LiesInTheTokenizersFolderByteForByte) {
  folder_.Write("tokenizer/complex_human_instruction.txt", " Écris:\n- un\n\nPrompt: ");
  EXPECT_EQ(Read(), " Écris:\n- un\n\nPrompt: ");
}

TEST_F(InstructionTest, MayBeAnyOtherFile) {
  folder_.Write("tokenizer/complex_human_instruction.txt", "not this: ");
  EXPECT_EQ(Read(folder_.Write("other.txt", "this: ")), "this: ");
}

TEST_F(InstructionTest, IsNamedWhenItCannotBeRead) {
  testing::ExpectBroken([&] { Read(folder_.path() / "missing.txt"); }, {"[instruction]", "missing.txt"});
  testing::ExpectBroken([&] { Read(folder_.Write("bad.txt", "\xFF\xFE")); }, {"bad.txt: expected UTF-8"});
  testing::ExpectBroken([&] { Read(folder_.Write("long.txt", std::string((64 << 10) + 1, 'x'))); }, {"long.txt"});
}

}  // namespace
}  // namespace stampd
