#include "engine/quant/token_plan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <random>

#include "engine/base/z_order.h"
#include "engine/kernels/quantized_weights.h"

namespace stampd::quant {
namespace {

using kernels::SequenceTransform;
using kernels::TileTransform;

int CountTrailingZeros(int value) { return std::countr_zero(static_cast<unsigned>(value)); }

// How often the Walsh function of that natural index changes its sign: the Gray code's inverse of the index with its bits reversed.
int Sequency(int index, int side) {
  int sequency = 0;
  for (int bit = 1; bit < side; bit *= 2) {
    const int previous = sequency & 1;
    sequency = sequency << 1 | ((index & bit) != 0 ? 1 - previous : previous);
  }
  return sequency;
}

// Smaller for lower frequencies: steps down from the means of Haar's last level, or a sum of frequencies.
int Frequency(TileTransform transform, int side, int row) {
  const int levels = transform.levels == 0 ? CountTrailingZeros(side) : std::min(transform.levels, CountTrailingZeros(side));
  const int x = ZOrderX(row), y = ZOrderY(row);
  switch (transform.kind) {
    case SequenceTransform::kNone:
      return 0;
    case SequenceTransform::kHaar1d:
      return levels - std::min(levels, x == 0 ? levels : CountTrailingZeros(x));
    case SequenceTransform::kHaar2d:
      return levels - std::min(levels, row == 0 ? levels : CountTrailingZeros(row) / 2);
    case SequenceTransform::kDct:
      return x + y;
    case SequenceTransform::kWht:
      return Sequency(x, side) + Sequency(y, side);
  }
  return 0;
}

// The tiles' rows in the order in which they are given high bits: round after round one of each tile.
std::vector<int> HighRows(std::span<const Tile> tiles, const LinearRecipe& recipe, std::size_t most) {
  std::vector<int> rows;
  std::vector<int> order;
  int side = 0;
  const int rounds = recipe.high_rule == HighTokenRule::kDc ? recipe.high_count : std::numeric_limits<int>::max();
  for (int round = 0; round < rounds && rows.size() < most; ++round) {
    const std::size_t before = rows.size();
    for (const Tile& tile : tiles) {
      if (round >= tile.side * tile.side || rows.size() == most) continue;
      if (tile.side != side) order = LowToHigh(recipe.tile_transform(), side = tile.side);
      rows.push_back(tile.first_row + order[round]);
    }
    if (rows.size() == before) break;
  }
  return rows;
}

// The same on every machine: the standard library's own shuffle may differ.
std::vector<int> Shuffled(int tokens) {
  std::vector<int> order(static_cast<std::size_t>(tokens));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(static_cast<std::uint32_t>(tokens));
  for (int i = tokens - 1; i > 0; --i) std::swap(order[i], order[random() % static_cast<std::uint32_t>(i + 1)]);
  return order;
}

}  // namespace

std::vector<int> LowToHigh(TileTransform transform, int side) {
  std::vector<int> rows(static_cast<std::size_t>(side) * side);
  std::iota(rows.begin(), rows.end(), 0);
  std::ranges::stable_sort(rows, {}, [&](int row) { return Frequency(transform, side, row); });
  return rows;
}

TokenPlan PlanTokens(const TokenLayout& layout, const LinearRecipe& recipe) {
  const std::size_t tokens = layout.raster_of().size();
  TokenPlan plan;
  plan.bits.assign(tokens, static_cast<std::uint8_t>(recipe.activation_bits));
  if (recipe.control == TokenControl::kShuffled) plan.order = Shuffled(static_cast<int>(tokens));
  if (recipe.high_rule == HighTokenRule::kNone || recipe.activation_bits == kExactBits) return plan;
  const std::size_t most =
      recipe.high_rule == HighTokenRule::kFirst ? std::min(tokens, static_cast<std::size_t>(recipe.high_count)) : tokens;
  std::vector<int> high = HighRows(layout.tiles(), recipe, most);
  if (recipe.sequence_transform == SequenceTransform::kNone) std::iota(high.begin(), high.end(), 0);
  for (const int row : high) plan.bits[row] = static_cast<std::uint8_t>(recipe.high_bits);
  return plan;
}

double AverageBits(std::span<const std::uint8_t> bits) {
  return std::accumulate(bits.begin(), bits.end(), 0.0) / static_cast<double>(bits.size());
}

double WeightStorageBits(const LinearRecipe& recipe, std::int64_t width) {
  if (recipe.skip || recipe.weight_bits == kExactBits) return kExactBits;
  constexpr double kScale = 32, kMultiplier = 8;
  return recipe.weight_bits + kScale / static_cast<double>(width) +
         (recipe.weight_group == 0 ? 0 : kMultiplier / kernels::kWeightGroup);
}

}  // namespace stampd::quant
