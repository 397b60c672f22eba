#include "engine/io/tensor_archive.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/io/safetensors_writer.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::io {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;
using ::testing::ElementsAre;

namespace fs = std::filesystem;

// A file of U8 tensors of four equal bytes: the tensor's first letter.
void WriteTensors(const fs::path& file, const std::vector<std::string>& names) {
  std::vector<TensorSpec> specs;
  for (const std::string& name : names) specs.push_back({name, DType::kU8, {4}});
  SafetensorsWriter writer(file, specs);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string bytes(4, names[i][0]);
    writer.Write(i, 0, std::as_bytes(std::span(bytes)));
  }
  writer.Finish();
}

std::string Text(const TensorRecord* record) {
  return record == nullptr ? "none" : std::string(reinterpret_cast<const char*>(record->bytes.data()), record->bytes.size());
}

class TensorArchiveTest : public ::testing::Test {
 protected:
  void Shard(const std::string& name, const std::vector<std::string>& tensors) { WriteTensors(folder_.path() / name, tensors); }
  void Index(const std::string& name, const std::string& weight_map) {
    folder_.Write(name, R"({"metadata": {"total_size": 12}, "weight_map": {)" + weight_map + "}}");
  }
  std::shared_ptr<const TensorArchive> Open(std::string_view variant = {}) {
    return TensorArchive::Open(folder_.path(), "model", variant);
  }
  void ExpectRefused(std::initializer_list<std::string> parts) {
    ExpectBroken([&] { Open(); }, parts);
  }

  TemporaryFolder folder_;
};

TEST_F(TensorArchiveTest, FindsByNameInOneFile) {
  Shard("model.safetensors", {"b", "a.weight", "c"});
  const auto archive = Open();
  std::vector<std::string> names;
  for (const TensorRecord& record : archive->tensors()) names.push_back(record.name);
  EXPECT_THAT(names, ElementsAre("a.weight", "b", "c"));
  EXPECT_EQ(Text(archive->Find("a.weight")), "aaaa");
  EXPECT_EQ(archive->Find("a"), nullptr);
  EXPECT_EQ(archive->Find("d"), nullptr);
  EXPECT_THAT(archive->files(), ElementsAre(folder_.path() / "model.safetensors"));
}

TEST_F(TensorArchiveTest, JoinsTheShardsOfAnIndex) {
  Shard("model-00001-of-00002.safetensors", {"a", "c"});
  Shard("model-00002-of-00002.safetensors", {"b"});
  Index("model.safetensors.index.json", R"("a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors",
                                           "c": "model-00001-of-00002.safetensors")");
  const auto archive = Open();
  EXPECT_EQ(Text(archive->Find("b")), "bbbb");
  EXPECT_EQ(Text(archive->Find("c")), "cccc");
  EXPECT_EQ(archive->Find("b")->file.filename(), "model-00002-of-00002.safetensors");
  EXPECT_EQ(archive->files().size(), 2U);
}

TEST_F(TensorArchiveTest, OneFileGoesBeforeAnIndexAndBothBeforeVariants) {
  Shard("model.fp16.safetensors", {"f"});
  EXPECT_NE(Open()->Find("f"), nullptr);
  Shard("model-1.safetensors", {"i"});
  Index("model.safetensors.index.json", R"("i": "model-1.safetensors")");
  EXPECT_NE(Open("fp16")->Find("i"), nullptr);
  Shard("model.safetensors", {"p"});
  EXPECT_NE(Open("fp16")->Find("p"), nullptr);
}

TEST_F(TensorArchiveTest, ThePreferredVariantGoesFirst) {
  Shard("model.bf16.safetensors", {"b"});
  EXPECT_NE(Open()->Find("b"), nullptr);
  Shard("model.fp16.safetensors", {"f"});
  EXPECT_NE(Open()->Find("f"), nullptr);
  EXPECT_NE(Open("bf16")->Find("b"), nullptr);
}

TEST_F(TensorArchiveTest, BothSpellingsOfAVariantsIndexAreRead) {
  Shard("model.fp16-00001-of-00001.safetensors", {"x"});
  for (const char* name : {"model.safetensors.index.fp16.json", "model.safetensors.fp16.index.json"}) {
    Index(name, R"("x": "model.fp16-00001-of-00001.safetensors")");
    EXPECT_NE(Open()->Find("x"), nullptr) << name;
    fs::remove(folder_.path() / name);
  }
}

TEST_F(TensorArchiveTest, AFolderWithoutWeightsIsRefusedWithWhatItHolds) {
  folder_.Write("model.bin", "");
  ExpectRefused({"[safetensors] " + folder_.path().string(), "expected one of model.safetensors, model.safetensors.index.json",
                 "found \"model.bin\""});
  ExpectBroken([&] { TensorArchive::Open(folder_.path() / "none", "model"); }, {"none: expected a directory"});
}

TEST_F(TensorArchiveTest, ALinkToNowhereIsNamed) {
  fs::create_symlink(folder_.path() / "blob", folder_.path() / "model.safetensors");
  ExpectRefused({"model.safetensors: expected a readable file, found: No such file"});
}

TEST_F(TensorArchiveTest, AnEmptyFileIsRefused) {
  folder_.Write("model.safetensors", "");
  ExpectRefused({"model.safetensors: expected a header length of 8 bytes, found a file of 0"});
}

TEST_F(TensorArchiveTest, IndexesMayNotLeaveTheirFolder) {
  for (const char* name : {"../x.safetensors", "/etc/passwd", "sub/x.safetensors", "..", ".", "", "x\\u0000y"}) {
    Index("model.safetensors.index.json", R"("a": ")" + std::string(name) + "\"");
    ExpectRefused({"model.safetensors.index.json: \"a\": expected the name of a file in this folder, found the string"});
  }
}

TEST_F(TensorArchiveTest, MalformedIndexesAreRefused) {
  const auto refuse = [&](const std::string& text, const std::string& part) {
    folder_.Write("model.safetensors.index.json", text);
    ExpectRefused({"model.safetensors.index.json: ", part});
  };
  refuse("", "expected JSON");
  refuse("[]", "expected an object with an object \"weight_map\", found a list");
  refuse("{}", "without one");
  refuse(R"({"weight_map": []})", "expected an object with an object \"weight_map\"");
  refuse(R"({"weight_map": {}})", "found an empty one");
  refuse(R"({"weight_map": {"a": 1}})", "\"a\": expected the name of a file in this folder, found the number 1");
  refuse(R"({"weight_map": {"a": "x", "a": "y"}})", "\"a\": expected each name once");
}

TEST_F(TensorArchiveTest, AMissingShardIsNamed) {
  Index("model.safetensors.index.json", R"("a": "gone.safetensors")");
  ExpectRefused({"gone.safetensors: expected a readable file, found: No such file"});
}

TEST_F(TensorArchiveTest, ATensorThatItsShardLacksIsNamed) {
  Shard("s.safetensors", {"a"});
  Index("model.safetensors.index.json", R"("a": "s.safetensors", "b": "s.safetensors")");
  ExpectRefused({"index.json: \"b\": expected it in \"s.safetensors\", found no such tensor"});
}

TEST_F(TensorArchiveTest, ATensorThatTheIndexLacksIsNamed) {
  Shard("s.safetensors", {"a", "b"});
  Index("model.safetensors.index.json", R"("a": "s.safetensors")");
  ExpectRefused({"s.safetensors: \"b\": expected only tensors that", "index.json"});
}

TEST_F(TensorArchiveTest, ATensorInAnotherShardThanTheIndexSaysIsNamed) {
  Shard("s1.safetensors", {"a", "b"});
  Shard("s2.safetensors", {"c"});
  Index("model.safetensors.index.json", R"("a": "s1.safetensors", "b": "s2.safetensors", "c": "s2.safetensors")");
  ExpectRefused({"s1.safetensors: \"b\": expected it in \"s2.safetensors\""});
}

TEST_F(TensorArchiveTest, ATensorInTwoShardsIsRefused) {
  Shard("s1.safetensors", {"a", "b"});
  Shard("s2.safetensors", {"b"});
  Index("model.safetensors.index.json", R"("a": "s1.safetensors", "b": "s2.safetensors")");
  ExpectRefused({"\"b\": expected each name in one shard", "s1.safetensors", "s2.safetensors"});
}

// Resident memory that maps files, in KiB.
long ResidentFileKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "RssFile:") {
      long kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  }
  return 0;
}

TEST_F(TensorArchiveTest, ReleasedTensorsLeaveMemoryAndCanStillBeRead) {
  constexpr std::int64_t kSize = 32 << 20;
  const std::string ones(kSize, '\1');
  SafetensorsWriter writer(folder_.path() / "model.safetensors", {{"big", DType::kU8, {kSize}}});
  writer.Write(0, 0, std::as_bytes(std::span(ones)));
  writer.Finish();

  const auto archive = Open();
  const TensorRecord& record = *archive->Find("big");
  const auto count = [&] { return std::count(record.bytes.begin(), record.bytes.end(), std::byte{1}); };
  const long before = ResidentFileKilobytes();
  EXPECT_EQ(count(), kSize);
  EXPECT_GT(ResidentFileKilobytes() - before, 24 << 10);
  archive->Release(record);
  EXPECT_LT(ResidentFileKilobytes() - before, 8 << 10);
  EXPECT_EQ(count(), kSize);
}

TEST_F(TensorArchiveTest, RecordsOutliveTheName) {
  Shard("model.safetensors", {"a"});
  const auto archive = Open();
  fs::remove(folder_.path() / "model.safetensors");
  EXPECT_EQ(Text(archive->Find("a")), "aaaa");
}

}  // namespace
}  // namespace stampd::io
