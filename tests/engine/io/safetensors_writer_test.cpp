#include "engine/io/safetensors_writer.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/io/tensor_archive.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::io {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;

namespace fs = std::filesystem;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(SafetensorsWriterTest, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  SafetensorsWriter writer(folder.path() / "model.safetensors", {{"odd", DType::kBool, {3}},
                                                                 {"none", DType::kF32, {0, 2}},
                                                                 {"half", DType::kBF16, {1}},
                                                                 {"scalar", DType::kF64, {}},
                                                                 {"quo\"te\\\n", DType::kI32, {1, 1}}});
  writer.Write(4, 0, Bytes("iiii"));
  writer.Write(3, 4, Bytes("5678"));
  writer.Write(0, 0, Bytes("xyz"));
  writer.Write(2, 0, Bytes("hh"));
  writer.Write(3, 0, Bytes("1234"));
  writer.Finish();

  const auto archive = TensorArchive::Open(folder.path(), "model");
  const auto text = [&](const char* name) {
    const TensorRecord* record = archive->Find(name);
    return record == nullptr ? "absent" : std::string(reinterpret_cast<const char*>(record->bytes.data()), record->bytes.size());
  };
  EXPECT_EQ(archive->tensors().size(), 5U);
  EXPECT_EQ(text("odd"), "xyz");
  EXPECT_EQ(text("none"), "");
  EXPECT_EQ(text("half"), "hh");
  EXPECT_EQ(text("scalar"), "12345678");
  EXPECT_EQ(text("quo\"te\\\n"), "iiii");
  for (const TensorRecord& record : archive->tensors()) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(record.bytes.data()) % BytesPerElement(record.dtype), 0U) << record.name;
  }
}

TEST(SafetensorsWriterTest, ThreadsMayWriteAtOnce) {
  const TemporaryFolder folder;
  constexpr int kThreads = 4;
  constexpr std::uint32_t kEach = 100'000;
  SafetensorsWriter writer(folder.path() / "model.safetensors", {{"t", DType::kI32, {kThreads, kEach}}});
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&writer, thread] {
        const std::vector<std::uint32_t> row(kEach, thread);
        writer.Write(0, std::uint64_t{thread} * kEach * 4, std::as_bytes(std::span(row)));
      });
    }
  }
  writer.Finish();
  const auto archive = TensorArchive::Open(folder.path(), "model");
  std::vector<std::uint32_t> values(kThreads * kEach);
  std::memcpy(values.data(), archive->Find("t")->bytes.data(), values.size() * 4);
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], i / kEach);
}

TEST(SafetensorsWriterTest, NothingIsLeftOfAFileThatWasNotFinished) {
  const TemporaryFolder folder;
  { SafetensorsWriter writer(folder.path() / "model.safetensors", {{"t", DType::kI32, {4}}}); }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(SafetensorsWriterTest, BytesBeyondATensorAreRefused) {
  const TemporaryFolder folder;
  SafetensorsWriter writer(folder.path() / "model.safetensors", {{"t", DType::kU8, {4}}, {"u", DType::kU8, {4}}});
  ExpectBroken([&] { writer.Write(0, 2, Bytes("abc")); }, {"model.safetensors", "\"t\": expected at most 4 bytes, found 3 at 2"});
  ExpectBroken([&] { writer.Write(0, ~0ULL, Bytes("a")); }, {"\"t\": expected at most 4 bytes"});
}

TEST(SafetensorsWriterTest, AFolderThatIsNotThereIsNamed) {
  const TemporaryFolder folder;
  ExpectBroken([&] { SafetensorsWriter(folder.path() / "none" / "model.safetensors", {}); },
               {"[safetensors] ", "none/model.safetensors.part: can't create it: No such file"});
}

}  // namespace
}  // namespace stampd::io
