#include "engine/io/digest.h"

#include <array>
#include <cstdio>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::io {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;

namespace fs = std::filesystem;

std::string Sha256Of(std::string_view text) { return Sha256(std::as_bytes(std::span(text))); }

// What a shell command prints, up to the first blank.
std::string FirstWordOf(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 256> word{};
  return std::fscanf(pipe.get(), "%255s", word.data()) == 1 ? word.data() : "";
}

// FIPS 180-4's examples.
TEST(DigestTest, KnowsThePublishedValues) {
  EXPECT_EQ(Sha256Of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, FilesOfEverySizeHashAsTheirBytes) {
  const TemporaryFolder folder;
  constexpr std::size_t kBlock = 4 << 20;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlock - 1, kBlock, kBlock + 1, 2 * kBlock}) {
    std::string content(size, 'q');
    if (size > 0) content.back() = 'z';
    EXPECT_EQ(FileSha256(folder.Write("f", content)), Sha256Of(content)) << size;
  }
}

TEST(DigestTest, WhatCantBeReadIsNamed) {
  const TemporaryFolder folder;
  ExpectBroken([&] { FileSha256(folder.path() / "none"); }, {"[digest] ", "none: expected a readable file, found: No such file"});
  ExpectBroken([&] { FileSha256(folder.path()); }, {"[digest] ", "a directory"});
}

class ModelDigestTest : public ::testing::Test {
 protected:
  ModelDigestTest() {
    folder_.Write("model_index.json", R"({"_class_name": "P", "vae": ["d", "V"], "transformer": ["d", "T"], "vae_2": ["d", "V"]})");
    folder_.Write("transformer/config.json", "{}");
    folder_.Write("transformer/diffusion_pytorch_model.safetensors", std::string(5 << 20, 'w'));
    folder_.Write("vae/config.json", "{ }");
    folder_.Write("vae/Readme", "text");
    folder_.Write("vae_2/config.json", "{}");
    folder_.Write("transformer/cache/left_out", "not a file of the component itself");
    folder_.Write("README.md", "no component");
  }
  Checkpoint Open(const std::map<std::string, fs::path>& overrides = {}) { return Checkpoint::Open(folder_.path(), overrides); }

  TemporaryFolder folder_;
};

TEST_F(ModelDigestTest, ListsTheComponentsFilesByName) {
  std::vector<std::string> names;
  for (const FileDigest& file : FileDigests(Open())) names.push_back(file.name + " " + std::to_string(file.bytes));
  EXPECT_THAT(names, ::testing::ElementsAre("transformer/config.json 2", "transformer/diffusion_pytorch_model.safetensors 5242880",
                                            "vae/Readme 4", "vae/config.json 3", "vae_2/config.json 2"));
}

TEST_F(ModelDigestTest, IsWhatSha256sumSays) {
  const std::string recipe = "cd " + folder_.path().string() +
                             " && find transformer vae vae_2 -maxdepth 1 -type f | LC_ALL=C sort | xargs sha256sum | sha256sum";
  EXPECT_EQ(ModelDigest(Open()), FirstWordOf(recipe));
}

TEST_F(ModelDigestTest, FollowsTheLinksOfADownloadCache) {
  const std::string before = ModelDigest(Open());
  const fs::path config = folder_.path() / "vae/config.json";
  fs::rename(config, folder_.path() / "blob");
  fs::create_symlink("../blob", config);
  EXPECT_EQ(ModelDigest(Open()), before);
}

TEST_F(ModelDigestTest, ChangesWithContentNameAndOverride) {
  const std::string before = ModelDigest(Open());
  folder_.Write("vae/config.json", "{}");
  const std::string content = ModelDigest(Open());
  EXPECT_NE(content, before);
  fs::rename(folder_.path() / "vae/Readme", folder_.path() / "vae/README");
  const std::string name = ModelDigest(Open());
  EXPECT_NE(name, content);
  const TemporaryFolder other;
  other.Write("config.json", "other");
  EXPECT_NE(ModelDigest(Open({{"vae_2", other.path()}})), name);
}

TEST_F(ModelDigestTest, DoesNotDependOnWhereTheFolderIs) {
  const TemporaryFolder copy;
  fs::copy(folder_.path(), copy.path(), fs::copy_options::recursive);
  EXPECT_EQ(ModelDigest(Checkpoint::Open(copy.path())), ModelDigest(Open()));
}

}  // namespace
}  // namespace stampd::io
