#include "client/output_files.h"

#include <gtest/gtest.h>

#include "client/usage_error.h"
#include "tests/client/scratch_folder.h"

namespace stampd::client {
namespace {

namespace fs = std::filesystem;

TEST(OutputFilesTest, OnePictureKeepsItsName) { EXPECT_EQ(ImagePath("a/out.png", 0, 1), "a/out.png"); }

TEST(OutputFilesTest, SeveralPicturesAreNumbered) {
  EXPECT_EQ(ImagePath("a/out.png", 0, 2), "a/out-0.png");
  EXPECT_EQ(ImagePath("out.b.png", 11, 12), "out.b-11.png");
  EXPECT_EQ(ImagePath("out", 1, 2), "out-1");
}

TEST(OutputFilesTest, PreviewsAreNamedAfterTheirPictureAndStep) {
  EXPECT_EQ(PreviewPath("a/out.png", 12), "a/out.preview-12.jpg");
  EXPECT_EQ(PreviewPath("out-1.webp", 3), "out-1.preview-3.jpg");
}

TEST(OutputFilesTest, FoldersThatAreNotThereAreUsageErrors) {
  const ScratchFolder folder;
  EXPECT_NO_THROW(CheckFolder(folder.file("a.png")));
  EXPECT_NO_THROW(CheckFolder("a.png"));
  EXPECT_THROW(CheckFolder(folder.file("no/a.png")), UsageError);
  EXPECT_THROW(CheckFolder(folder.path()), UsageError);
  EXPECT_THROW(CheckFolder(""), UsageError);
}

TEST(OutputFilesTest, WritingReplacesAndLeavesNothingElse) {
  const ScratchFolder folder;
  WriteWhole(folder.file("a"), "a longer text");
  WriteWhole(folder.file("a"), std::string_view("\0\xff", 2));
  EXPECT_EQ(Contents(folder.file("a")), std::string("\0\xff", 2));
  EXPECT_EQ(folder.CountFiles(), 1U);
}

TEST(OutputFilesTest, WritingThroughALinkKeepsTheLink) {
  const ScratchFolder folder;
  WriteWhole(folder.file("real"), "old");
  fs::create_symlink(folder.file("real"), folder.file("link"));
  WriteWhole(folder.file("link"), "new");
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_EQ(Contents(folder.file("real")), "new");
}

TEST(OutputFilesTest, DevicesStayDevices) {
  WriteWhole("/dev/null", "text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(OutputFilesTest, FailureNamesTheFileAndLeavesNothing) {
  const ScratchFolder folder;
  try {
    WriteWhole(folder.file("no/a.png"), "text");
    ADD_FAILURE() << "wrote into a folder that is not there";
  } catch (const fs::filesystem_error& error) {
    EXPECT_NE(std::string(error.what()).find("no/a.png"), std::string::npos) << error.what();
  }
  EXPECT_EQ(folder.CountFiles(), 0U);
}

TEST(OutputFilesTest, AFullDeviceIsAnError) { EXPECT_THROW(WriteWhole("/dev/full", "text"), fs::filesystem_error); }

}  // namespace
}  // namespace stampd::client
