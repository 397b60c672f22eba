#include "engine/io/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::io {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;
using ::testing::ElementsAre;

namespace fs = std::filesystem;

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    Index(R"({"_class_name": "PixArtSigmaPipeline", "_diffusers_version": "0.30.0", "vae": ["diffusers", "AutoencoderKL"],
              "transformer": ["diffusers", "Transformer2DModel"], "safety_checker": [null, null], "requires_safety_checker": false})");
    folder_.Write("transformer/config.json", "{}");
    folder_.Write("vae/config.json", "{}");
  }

  void Index(const std::string& json) { folder_.Write("model_index.json", json); }
  Checkpoint Open(const std::map<std::string, fs::path>& overrides = {}) { return Checkpoint::Open(folder_.path(), overrides); }
  void ExpectRefused(std::initializer_list<std::string> parts) {
    ExpectBroken([&] { Open(); }, parts);
  }

  TemporaryFolder folder_;
  TemporaryFolder other_;
};

TEST_F(CheckpointTest, ListsComponentsThatAreNotNull) {
  const Checkpoint checkpoint = Open();
  EXPECT_EQ(checkpoint.folder(), folder_.path());
  EXPECT_EQ(checkpoint.pipeline_class(), "PixArtSigmaPipeline");
  ASSERT_EQ(checkpoint.components().size(), 2U);
  const Component& transformer = checkpoint.components()[0];
  EXPECT_EQ(transformer.name, "transformer");
  EXPECT_EQ(transformer.library, "diffusers");
  EXPECT_EQ(transformer.class_name, "Transformer2DModel");
  EXPECT_EQ(transformer.folder, folder_.path() / "transformer");
  EXPECT_EQ(checkpoint.Get("vae").class_name, "AutoencoderKL");
  EXPECT_FALSE(checkpoint.Has("safety_checker"));
  EXPECT_FALSE(checkpoint.Has("requires_safety_checker"));
}

TEST_F(CheckpointTest, AskingForAComponentThatIsNotThereNamesThoseThatAre) {
  const Checkpoint checkpoint = Open();
  ExpectBroken([&] { checkpoint.Get("text_encoder"); }, {"expected a component \"text_encoder\", found transformer, vae"});
}

TEST_F(CheckpointTest, AnOverrideIsTheComponentsOwnFolder) {
  other_.Write("config.json", "{}");
  EXPECT_EQ(Open({{"transformer", other_.path()}}).Get("transformer").folder, other_.path());
}

TEST_F(CheckpointTest, AnOverrideMayBeARepositoryThatHoldsTheComponent) {
  other_.Write("transformer/config.json", "{}");
  EXPECT_EQ(Open({{"transformer", other_.path()}}).Get("transformer").folder, other_.path() / "transformer");
}

TEST_F(CheckpointTest, AnOverriddenComponentNeedsNoFolderOfItsOwn) {
  fs::remove_all(folder_.path() / "transformer");
  ExpectRefused({"transformer: expected a directory for component \"transformer\", found nothing there"});
  EXPECT_EQ(Open({{"transformer", other_.path()}}).Get("transformer").folder, other_.path());
}

TEST_F(CheckpointTest, OverridesOfNothingOrWithNothingAreRefused) {
  ExpectBroken([&] { Open({{"unet", other_.path()}}); }, {"expected a component to override (transformer, vae), found \"unet\""});
  ExpectBroken([&] { Open({{"safety_checker", other_.path()}}); }, {"found \"safety_checker\""});
  const fs::path missing = other_.path() / "missing";
  ExpectBroken(
      [&] {
        Open({{"vae", missing}});
      },
      {missing.string() + ": expected a directory for component \"vae\", found nothing"});
  const fs::path file = other_.Write("file", "");
  ExpectBroken(
      [&] {
        Open({{"vae", file}});
      },
      {file.string() + ": expected a directory for component \"vae\", found not a directory"});
}

TEST_F(CheckpointTest, WhatIsNotAPipelineFolderIsRefused) {
  ExpectBroken([&] { Checkpoint::Open(folder_.path() / "none"); },
               {"[checkpoint] ", "none: expected a directory", "found nothing there"});
  ExpectBroken([&] { Checkpoint::Open(folder_.path() / "model_index.json"); }, {"model_index.json: ", "found not a directory"});
  ExpectBroken([&] { Checkpoint::Open(other_.path()); },
               {"[checkpoint] ", "model_index.json: expected a readable file, found: No such"});
}

TEST_F(CheckpointTest, AComponentThatIsAFileIsRefused) {
  fs::remove_all(folder_.path() / "vae");
  folder_.Write("vae", "");
  ExpectRefused({"vae: expected a directory for component \"vae\", found not a directory"});
}

TEST_F(CheckpointTest, MalformedIndexesAreRefused) {
  const auto refuse = [&](const std::string& json, const std::string& part) {
    SCOPED_TRACE(json);
    Index(json);
    ExpectRefused({"[checkpoint] ", "model_index.json: ", part});
  };
  refuse("{", "expected JSON");
  refuse("[]", "expected a JSON object, found a list of 0");
  refuse("{}", "_class_name: expected a string, found no such key");
  refuse(R"({"_class_name": 3})", "_class_name: expected a string, found the number 3");
  const std::string start = R"({"_class_name": "P", )";
  refuse(start + R"("vae": ["diffusers"]})", "\"vae\": expected a folder's name with");
  refuse(start + R"("vae": ["diffusers", null]})", "\"vae\": expected a folder's name with");
  refuse(start + R"("vae": ["diffusers", 1]})", "\"vae\": expected a folder's name with");
  refuse(start + R"("../vae": ["a", "B"]})", "\"../vae\": expected a folder's name");
  refuse(start + R"("/etc": ["a", "B"]})", "\"/etc\": expected a folder's name");
  refuse(start + R"("..": ["a", "B"]})", "\"..\": expected a folder's name");
  refuse(start + R"("": ["a", "B"]})", "\"\": expected a folder's name");
  refuse(start + R"("vae": ["a", "B"], "vae": ["a", "C"]})", "\"vae\": expected each component once");
}

}  // namespace
}  // namespace stampd::io
