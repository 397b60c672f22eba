#include "engine/quant/token_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/z_order.h"
#include "tests/engine/quant/random_field.h"

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using stampd::testing::RandomField;
using ::testing::Each;
using ::testing::ElementsAre;

std::vector<int> HighRows(const TokenPlan& plan) {
  std::vector<int> rows;
  for (std::size_t r = 0; r < plan.bits.size(); ++r) {
    if (plan.bits[r] == 8) rows.push_back(static_cast<int>(r));
  }
  return rows;
}

TEST(LowToHighTest, OrdersAreThoseOfTheHeader) {
  EXPECT_THAT(LowToHigh({SequenceTransform::kHaar2d}, 4), ElementsAre(0, 4, 8, 12, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15));
  EXPECT_THAT(LowToHigh({SequenceTransform::kHaar2d, 1}, 4), ElementsAre(0, 4, 8, 12, 1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15));
  EXPECT_THAT(LowToHigh({SequenceTransform::kHaar1d}, 2), ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(LowToHigh({SequenceTransform::kNone}, 2), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(LowToHigh({SequenceTransform::kDct}, 2), ElementsAre(0, 1, 2, 3));
  // Along a line of four the Walsh functions + + + +, + + - -, + - - +, + - + - have the natural indices 0, 2, 3, 1.
  const std::vector<int> walsh = LowToHigh({SequenceTransform::kWht}, 4);
  EXPECT_THAT(std::vector(walsh.begin(), walsh.begin() + 3), ElementsAre(ZOrder(0, 0), ZOrder(0, 2), ZOrder(2, 0)));
  EXPECT_EQ(walsh.back(), ZOrder(1, 1));
}

// What the orders are for: on fields like natural ones each step down holds less.
TEST(LowToHighTest, EarlierRowsHoldMoreEnergy) {
  for (const SequenceTransform kind :
       {SequenceTransform::kHaar1d, SequenceTransform::kHaar2d, SequenceTransform::kDct, SequenceTransform::kWht}) {
    constexpr int kSide = 8;
    RandomField field({.side = 64, .channels = 32, .correlation = 0.9, .seed = 1}, kSide);
    kernels::cpu::ForwardAlongTokens(field.view(), field.layout().tiles(), {kind});
    const std::vector<int> order = LowToHigh({kind}, kSide);
    std::vector<double> energy(order.size());
    for (const Tile& tile : field.layout().tiles()) {
      for (std::size_t i = 0; i < order.size(); ++i) energy[i] += field.Energy(tile.first_row + order[i]);
    }
    const auto part = [&](int first, int count) {
      return std::accumulate(energy.begin() + first, energy.begin() + first + count, 0.0) / count;
    };
    const bool lines = kind == SequenceTransform::kHaar1d;  // which has a mean for each line
    EXPECT_GT(part(0, lines ? 8 : 1), (lines ? 5 : 10) * part(lines ? 8 : 1, 8));
    EXPECT_GT(part(1, 7), part(8, 8)) << static_cast<int>(kind);
    EXPECT_GT(part(8, 8), part(16, 16)) << static_cast<int>(kind);
    EXPECT_GT(part(16, 16), part(32, 32)) << static_cast<int>(kind);
  }
}

TEST(TokenPlanTest, OneDcTokenATileIsThePapersBudget) {
  const TokenPlan pixart = PlanTokens(TokenLayout::Tiled({64, 64}, 8), {});
  EXPECT_EQ(AverageBits(pixart.bits), 4.0625);
  EXPECT_THAT(HighRows(pixart), ::testing::Contains(64));
  EXPECT_EQ(HighRows(pixart).size(), 64u);
  EXPECT_TRUE(pixart.order.empty());
  EXPECT_EQ(AverageBits(PlanTokens(TokenLayout::Tiled({32, 32}, 4), {}).bits), 4.25);
}

TEST(TokenPlanTest, SmallTilesAtTheEdgeHaveTheirOwnDc) {
  const TokenLayout layout = TokenLayout::Tiled({9, 10}, 8);
  const std::vector<int> high = HighRows(PlanTokens(layout, {}));
  ASSERT_EQ(high.size(), layout.tiles().size());
  for (std::size_t i = 0; i < high.size(); ++i) EXPECT_EQ(high[i], layout.tiles()[i].first_row);
}

TEST(TokenPlanTest, SeveralOfATileAreItsLowest) {
  const TokenLayout layout = TokenLayout::Tiled({8, 18}, 8);
  EXPECT_THAT(HighRows(PlanTokens(layout, {.high_count = 4})), ElementsAre(0, 16, 32, 48, 64, 80, 96, 112, 128, 129, 130, 131, 132,
                                                                           133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143));
}

TEST(TokenPlanTest, FirstGoesRoundTheTiles) {
  const TokenLayout layout = TokenLayout::Tiled({8, 16}, 8);
  const auto high = [&](int count) {
    return HighRows(PlanTokens(layout, {.high_rule = HighTokenRule::kFirst, .high_count = count}));
  };
  EXPECT_THAT(high(1), ElementsAre(0));
  EXPECT_THAT(high(2), ElementsAre(0, 64));
  EXPECT_THAT(high(3), ElementsAre(0, 16, 64));
  EXPECT_THAT(high(5), ElementsAre(0, 16, 32, 64, 80));
  EXPECT_EQ(high(1000).size(), 128u);
}

TEST(TokenPlanTest, WithoutATransformTheFirstTokensAreAsManyAsThereWouldBe) {
  const TokenLayout layout = TokenLayout::Tiled({8, 24}, 8);
  LinearRecipe recipe{.sequence_transform = SequenceTransform::kNone};
  EXPECT_THAT(HighRows(PlanTokens(layout, recipe)), ElementsAre(0, 1, 2));
  recipe.high_rule = HighTokenRule::kFirst;
  recipe.high_count = 5;
  EXPECT_THAT(HighRows(PlanTokens(layout, recipe)), ElementsAre(0, 1, 2, 3, 4));
}

TEST(TokenPlanTest, WithoutHighTokensAllAreEqual) {
  const TokenLayout layout = TokenLayout::Tiled({8, 8}, 8);
  EXPECT_THAT(PlanTokens(layout, {.high_rule = HighTokenRule::kNone}).bits, Each(4));
  EXPECT_THAT(PlanTokens(layout, {.activation_bits = kExactBits}).bits, Each(kExactBits));
  EXPECT_THAT(PlanTokens(layout, {.activation_bits = 8}).bits, Each(8));
}

TEST(TokenPlanTest, ShufflingIsAFixedPermutation) {
  const TokenLayout layout = TokenLayout::Tiled({20, 13}, 8);
  const LinearRecipe recipe{.control = TokenControl::kShuffled};
  const TokenPlan plan = PlanTokens(layout, recipe);
  EXPECT_EQ(plan.bits, PlanTokens(layout, {}).bits);
  EXPECT_EQ(plan.order, PlanTokens(layout, recipe).order);
  EXPECT_EQ(std::set<int>(plan.order.begin(), plan.order.end()).size(), 260u);
  EXPECT_EQ(*std::ranges::max_element(plan.order), 259);
  int moved = 0;
  for (int i = 0; i < 260; ++i) moved += plan.order[i] != i ? 1 : 0;
  EXPECT_GT(moved, 240);
}

TEST(StorageTest, BitsOfAWeightCountScalesAndMultipliers) {
  EXPECT_DOUBLE_EQ(WeightStorageBits({}, 1152), 4 + 32.0 / 1152);
  EXPECT_DOUBLE_EQ(WeightStorageBits({.weight_group = 64}, 1152), 4 + 8.0 / 64 + 32.0 / 1152);
  EXPECT_DOUBLE_EQ(WeightStorageBits({.weight_bits = 8}, 64), 8.5);
  EXPECT_DOUBLE_EQ(WeightStorageBits({.skip = true}, 64), 16);
}

}  // namespace
}  // namespace stampd::quant
