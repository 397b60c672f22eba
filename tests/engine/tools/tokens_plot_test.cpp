#include "engine/tools/measure/tokens_plot.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/quant/presets.h"
#include "engine/tools/measure/sweeps.h"

namespace stampd::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What measuring might have given for a sweep on a grid of 16 x 16.
std::vector<Comparison> Measured(const std::vector<quant::Recipe>& recipes) {
  const std::vector<LinearShape> linears = {{"blocks.0.attn1.to_q", 64, 192}};
  std::vector<Comparison> comparisons;
  for (const quant::Recipe& recipe : recipes) {
    Comparison& comparison = comparisons.emplace_back(Comparison{.recipe = recipe});
    comparison.bits = CountBits(recipe, linears, TokenLayout::Tiled({16, 16}, recipe.SideFor(256)));
    comparison.teacher.Add({.signal = 100 + static_cast<double>(comparisons.size()), .noise = 1});
    comparison.latent.Add({.signal = 10 + static_cast<double>(comparisons.size()), .noise = 1});
  }
  return comparisons;
}

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(TokensPlotTest, HasALineWithTheTransformAndOneWithout) {
  const std::string svg = TokensPlot(Measured(Sweep("tokens", quant::Preset("stamp-w4a4"))));
  for (const char* line : {"teacher-forced, haar2d", "teacher-forced, no transform", "latent, haar2d", "latent, no transform"})
    EXPECT_EQ(Count(svg, line), 1) << line;
  EXPECT_EQ(Count(svg, "<polyline"), 4);
  EXPECT_EQ(Count(svg, "<circle"), 4 * 6);  // 0, 4, 16, 32, 64, 128; the base has one token in each of 16 tiles
}

TEST(TokensPlotTest, TheAxisSaysTokensAndEffectiveBits) {
  const std::string svg = TokensPlot(Measured(Sweep("tokens", quant::Preset("stamp-w4a4"))));
  for (const char* text : {">0<", ">4.00<", ">16<", ">4.25<", ">128<", ">6.00<", "tokens of 8 bits"})
    EXPECT_THAT(svg, HasSubstr(text));
}

TEST(TokensPlotTest, WhatDiffersInSomethingElseIsLeftOut) {
  const quant::Recipe base = quant::Preset("stamp-w4a4");
  std::vector<quant::Recipe> others = {base};
  for (const quant::Recipe& recipe : Sweep("ranges", base)) others.push_back(recipe);
  others.push_back(quant::Preset("rtn-w4a4"));
  others.push_back(quant::Preset("w8a8"));
  const std::string svg = TokensPlot(Measured(others));
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_EQ(Count(svg, "<circle"), 2);
  EXPECT_THAT(svg, Not(HasSubstr("no transform")));
}

TEST(TokensPlotTest, ABaseWithoutTransformHasLinesWithoutAlone) {
  const std::string svg = TokensPlot(Measured(Sweep("tokens", quant::Preset("rtn-w4a4"))));
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_THAT(svg, HasSubstr("latent, no transform"));
}

}  // namespace
}  // namespace stampd::tools
