#include "client/output_format.h"

#include <gtest/gtest.h>

#include "client/usage_error.h"

namespace stampd::client {
namespace {

TEST(OutputFormatTest, NamesParseBack) {
  for (const v1::OutputFormat format : {v1::PNG, v1::JPEG, v1::WEBP, v1::RGB8, v1::LATENT_F32}) {
    EXPECT_EQ(ParseOutputFormat(Name(format)), format);
  }
}

TEST(OutputFormatTest, UnknownNamesAreUsageErrors) {
  for (const char* name : {"", "PNG", "gif", "default"}) EXPECT_THROW(ParseOutputFormat(name), UsageError) << name;
}

TEST(OutputFormatTest, ExtensionsPromiseFormats) {
  EXPECT_EQ(FormatOfExtension("a.png"), v1::PNG);
  EXPECT_EQ(FormatOfExtension("a.JPG"), v1::JPEG);
  EXPECT_EQ(FormatOfExtension("a.jpeg"), v1::JPEG);
  EXPECT_EQ(FormatOfExtension("a.b.webp"), v1::WEBP);
  EXPECT_EQ(FormatOfExtension("a.rgb8"), v1::RGB8);
  EXPECT_EQ(FormatOfExtension("a.latent"), v1::LATENT_F32);
}

TEST(OutputFormatTest, NoExtensionLeavesTheFormatToTheServer) {
  EXPECT_EQ(FormatOfExtension("picture"), v1::OUTPUT_FORMAT_UNSPECIFIED);
  EXPECT_EQ(FormatOfExtension("folder.jpg/picture"), v1::OUTPUT_FORMAT_UNSPECIFIED);
  EXPECT_EQ(FormatOfExtension("/dev/null"), v1::OUTPUT_FORMAT_UNSPECIFIED);
}

TEST(OutputFormatTest, UnknownExtensionsAreUsageErrors) {
  EXPECT_THROW(FormatOfExtension("a.gif"), UsageError);
  EXPECT_THROW(FormatOfExtension("a."), UsageError);
}

}  // namespace
}  // namespace stampd::client
