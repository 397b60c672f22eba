#include "client/request.h"

#include <gtest/gtest.h>

namespace stampd::client {
namespace {

TEST(RequestTest, WhatWasNotSaidIsAbsent) {
  const v1::GenerateRequest request = MakeRequest({});
  EXPECT_FALSE(request.has_guidance_scale());
  EXPECT_FALSE(request.has_seed());
  EXPECT_FALSE(request.has_clean_caption());
  EXPECT_FALSE(request.has_use_resolution_binning());
  EXPECT_FALSE(request.output().has_quality());
  EXPECT_EQ(request.width(), 0);
  EXPECT_EQ(request.steps(), 0);
}

TEST(RequestTest, ZeroIsAValueWhereTheContractSaysSo) {
  Wish wish;
  wish.guidance_scale = 0;
  wish.seed = 0;
  wish.clean_caption = false;
  const v1::GenerateRequest request = MakeRequest(wish);
  EXPECT_TRUE(request.has_guidance_scale());
  EXPECT_TRUE(request.has_seed());
  EXPECT_TRUE(request.has_clean_caption());
}

}  // namespace
}  // namespace stampd::client
