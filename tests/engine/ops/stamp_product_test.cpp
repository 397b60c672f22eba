#include "engine/ops/stamp_product.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/kernels/pointwise.h"
#include "engine/kernels/w4a4_gemm.h"
#include "engine/ops/token_rows.h"
#include "tests/engine/ops/packed_grids.h"
#include "tests/threads.h"

// Fused halves of a STaMP linear give the bytes of their steps one after the other, however the work is cut and spread.

namespace stampd::ops {
namespace {

namespace cpu = kernels::cpu;
using kernels::SequenceTransform;
using stampd::testing::DrawTokens;
using stampd::testing::PackedGrids;
using stampd::testing::Threads;

constexpr std::int64_t kIn = 192, kOut = 150;  // more than one block of outputs, and a part of one

class StampProductTest : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  StampProductTest() {
    at::manual_seed(51);
    x_ = DrawTokens(grids_.tokens(), kIn).to(GetParam());
    for (std::size_t row = 0; row < bits_.size(); ++row) bits_[row] = row % 5 == 0 ? 8 : 4;
    const auto segments = static_cast<std::int64_t>(grids_.segments().size());
    norm_ = {at::randn({segments, kIn}).to(GetParam()), at::randn({segments, kIn}).to(GetParam()), 1e-6};
    gate_ = at::randn({segments, kOut}).to(GetParam());
    weight_ = RoundWeight(at::randn({kOut, kIn}), {nullptr, 32}, 4, false, kernels::WeightRounding::kNearest);
    bias_ = at::randn({kOut});
  }

  void ExpectOnAnyThreads(const torch::Tensor& expected, const std::function<torch::Tensor()>& compute) const {
    for (const int count : {1, 2, 3}) {
      const Threads threads(count);
      EXPECT_TRUE(at::equal(compute(), expected)) << count << " threads";
    }
  }

  // More rows in one segment than a task multiplies, tiles that do not divide their grid, and a picture of one token.
  PackedGrids grids_ = {{{32, 24}, 8}, {{11, 9}, 4}, {{1, 1}, 8}, {{13, 21}, 8}};
  torch::Tensor x_, gate_, bias_;
  std::vector<std::uint8_t> bits_ = std::vector<std::uint8_t>(static_cast<std::size_t>(grids_.tokens()));
  Norm norm_;
  TokenSteps steps_{.features = {nullptr, 64}, .tiles = {SequenceTransform::kHaar2d}, .rounding = {}, .groups = 3};
  QuantizedWeight weight_;
};

TEST_P(StampProductTest, TokensAreRoundedAsStepByStep) {
  for (const Norm* const norm : {static_cast<const Norm*>(nullptr), static_cast<const Norm*>(&norm_)}) {
    torch::Tensor wide = (norm == nullptr ? x_ : LayerNormModulate(x_, grids_.segments(), *norm)).to(torch::kFloat32).clone();
    TransformFeatures(wide, steps_.features);
    ForwardAlongTokens(wide, grids_.segments(), steps_.tiles);
    const QuantizedTokens expected = EmptyTokens(x_.size(0), kIn, steps_.groups);
    cpu::QuantizeTokens(ViewOf<const float>(wide), bits_.data(), steps_.rounding, expected.view());
    const auto round = [&] { return RoundTokens(x_, grids_.segments(), norm, bits_, steps_); };
    ExpectOnAnyThreads(expected.codes, [&] { return round().codes; });
    ExpectOnAnyThreads(expected.scales, [&] { return round().scales; });
    ExpectOnAnyThreads(expected.zeros, [&] { return round().zeros; });
  }
}

TEST_P(StampProductTest, WhatFollowsTheProductIsDoneAsStepByStep) {
  const QuantizedTokens tokens = RoundTokens(x_, grids_.segments(), nullptr, bits_, steps_);
  const torch::Tensor sums = SumWeight(weight_, steps_.groups);
  for (const Activation activation : {Activation::kNone, Activation::kGeluTanh, Activation::kSilu}) {
    for (const torch::Tensor& bias : {bias_, torch::Tensor()}) {
      torch::Tensor wide = at::empty({x_.size(0), kOut}, torch::kFloat32);
      cpu::Multiply(tokens.view(), weight_.view(), sums.const_data_ptr<std::int32_t>(),
                    {0, static_cast<int>(x_.size(0)), 0, static_cast<int>(kOut)}, ViewOf<float>(wide));
      InverseAlongTokens(wide, grids_.segments(), steps_.tiles);
      if (bias.defined()) wide.add_(bias);
      if (activation == Activation::kGeluTanh) cpu::GeluTanh(ViewOf<float>(wide));
      if (activation == Activation::kSilu) cpu::Silu(ViewOf<float>(wide));
      const torch::Tensor expected = wide.to(GetParam());

      const StampProduct product{tokens, weight_, sums, steps_.tiles, bias, activation};
      ExpectOnAnyThreads(expected, [&] { return Multiply(product, grids_.segments(), GetParam()); });
      const torch::Tensor before = at::randn({x_.size(0), kOut}).to(GetParam());
      for (const torch::Tensor& gate : {gate_, torch::Tensor()}) {
        torch::Tensor added = before.clone();
        GatedAdd(added, grids_.segments(), gate, expected);
        ExpectOnAnyThreads(added, [&] {
          torch::Tensor found = before.clone();
          MultiplyAdd(product, grids_.segments(), gate, found);
          return found;
        });
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, StampProductTest, ::testing::Values(torch::kFloat32, torch::kBFloat16),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

TEST(TokenRowsTest, BlocksAreWholeTilesInTheirOrder) {
  const PackedGrids grids = {{{9, 16}, 8}, {{2, 2}, 2}};
  std::vector<Segment> segments(grids.segments().begin(), grids.segments().end());
  segments.push_back({grids.tokens(), 100});  // text
  const std::vector<RowBlock> blocks = BlocksOf(segments, 70);
  std::int64_t row = 0;
  for (const RowBlock& block : blocks) {
    EXPECT_EQ(block.first, row);
    EXPECT_LE(block.rows, 70);
    int in_block = 0;
    for (const Tile& tile : block.tiles) {
      EXPECT_EQ(tile.first_row, in_block);
      in_block += tile.side * tile.side;
    }
    EXPECT_EQ(in_block, block.segment == 2 ? 0 : block.rows);
    row += block.rows;
  }
  EXPECT_EQ(row, grids.tokens() + 100);
  EXPECT_EQ(blocks.size(), 6u);  // 64; 64 and six of the edge's single ones; the other ten; the small picture; 70 and 30 of text
}

TEST(TokenRowsTest, ATileIsNeverCut) {
  const PackedGrids grids = {{{8, 8}, 8}};
  const std::vector<RowBlock> blocks = BlocksOf(grids.segments(), 16);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks.front().rows, 64);
}

}  // namespace
}  // namespace stampd::ops
