#include "client/image_size.h"

#include <gtest/gtest.h>

#include "client/usage_error.h"

namespace stampd::client {
namespace {

TEST(ImageSizeTest, WidthComesFirst) {
  const ImageSize size = ParseImageSize("512x384");
  EXPECT_EQ(size.width, 512);
  EXPECT_EQ(size.height, 384);
}

TEST(ImageSizeTest, AnythingElseIsRefusedWithWhatWasFound) {
  for (const char* text : {"", "x", "512", "512x", "x512", "0x512", "512x0", "-1x512", "512X512", "512x512x3", " 512x512", "512x5 ",
                           "5e2x512", "99999999999x1", "+5x5"}) {
    try {
      ParseImageSize(text);
      ADD_FAILURE() << "took '" << text << "'";
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("'" + std::string(text) + "'"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace stampd::client
