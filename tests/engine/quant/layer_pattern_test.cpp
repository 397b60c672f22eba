#include "engine/quant/layer_pattern.h"

#include <gtest/gtest.h>

namespace stampd::quant {
namespace {

constexpr std::string_view kName = "transformer_blocks.13.attn2.to_out.0";

TEST(LayerPatternTest, MatchesWholePartsAnywhereInAName) {
  for (const std::string_view pattern : {"attn2.to_out", "attn2", "to_out.0", "transformer_blocks", "transformer_blocks.13",
                                         "transformer_blocks.13.attn2.to_out.0", "0"}) {
    EXPECT_TRUE(MatchesLayer(pattern, kName)) << pattern;
  }
  for (const std::string_view pattern : {"attn", "to_ou", "transformer_blocks.1", "3", "attn2.to_out.1", "attn1.to_out", ""}) {
    EXPECT_FALSE(MatchesLayer(pattern, kName)) << pattern;
  }
}

TEST(LayerPatternTest, StarIsAnythingAndQuestionMarkOneCharacter) {
  for (const std::string_view pattern : {"*", "attn?", "attn*", "transformer_blocks.*.attn2", "transformer_blocks.1?", "*to_out*",
                                         "t*s.*.a*.0", "attn2.to_out.?", "**"}) {
    EXPECT_TRUE(MatchesLayer(pattern, kName)) << pattern;
  }
  for (const std::string_view pattern : {"transformer_blocks.?.attn2", "attn?.to_q", "*.ff.*", "attn2?", "to_*_out"}) {
    EXPECT_FALSE(MatchesLayer(pattern, kName)) << pattern;
  }
}

}  // namespace
}  // namespace stampd::quant
