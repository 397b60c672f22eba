#include "engine/models/resolution_bins.h"

#include <gtest/gtest.h>

#include "tests/golden.h"

namespace stampd::models {
namespace {

TEST(ResolutionBinsTest, NearestBinIsTheReferences) {
  const torch::Tensor rows = testing::Golden("resolution_bins")["bins"];
  ASSERT_GT(rows.size(0), 400);
  const auto row = rows.accessor<int, 2>();
  for (int i = 0; i < rows.size(0); ++i) {
    EXPECT_EQ(NearestBin({row[i][1], row[i][2]}, row[i][0]), (Resolution{row[i][3], row[i][4]}))
        << row[i][1] << "x" << row[i][2] << " at " << row[i][0];
  }
}

TEST(ResolutionBinsTest, OnlyTrainedSidesHaveBins) {
  for (const int side : {256, 512, 1024, 2048, 4096}) EXPECT_TRUE(HasBins(side)) << side;
  for (const int side : {0, 128, 768, 8192}) EXPECT_FALSE(HasBins(side)) << side;
}

TEST(ResolutionBinsTest, TheCropAlwaysHasTheSizeAskedFor) {
  for (int height = 32; height <= 2048; height += 24) {
    for (int width = 32; width <= 2048; width += 40) {
      const Resolution target{height, width};
      const CoverCrop crop = CoverAndCrop(NearestBin(target, 1024), target);
      ASSERT_GE(crop.top, 0);
      ASSERT_GE(crop.left, 0);
      ASSERT_LE(crop.top + height, crop.scaled.height) << height << "x" << width;
      ASSERT_LE(crop.left + width, crop.scaled.width) << height << "x" << width;
    }
  }
}

// Sizes where the reference's truncation loses a pixel and its picture then is one pixel wide.
TEST(ResolutionBinsTest, TruncationLosesNoPixel) {
  for (const Resolution target : {Resolution{512, 984}, Resolution{768, 1664}, Resolution{784, 1440}, Resolution{896, 1632}}) {
    const CoverCrop crop = CoverAndCrop(NearestBin(target, 1024), target);
    EXPECT_GE(crop.scaled.width, target.width);
    EXPECT_GE(crop.scaled.height, target.height);
  }
}

}  // namespace
}  // namespace stampd::models
