#include "engine/kernels/sequence_transform.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/z_order.h"
#include "tests/engine/kernels/rows.h"

namespace stampd::kernels {
namespace {

using stampd::testing::Normal;
using stampd::testing::NormalisedError;
using stampd::testing::Rows;

std::string NameOf(TileTransform transform) {
  constexpr const char* kNames[] = {"none", "haar1d", "haar2d", "dct", "wht"};
  return kNames[static_cast<int>(transform.kind)] + (transform.levels == 0 ? "" : "_" + std::to_string(transform.levels));
}

constexpr TileTransform kTransforms[] = {
    {SequenceTransform::kNone},      {SequenceTransform::kHaar1d}, {SequenceTransform::kHaar1d, 2}, {SequenceTransform::kHaar2d},
    {SequenceTransform::kHaar2d, 1}, {SequenceTransform::kDct},    {SequenceTransform::kWht},
};

// The matrix of a tile's transform: what it makes of the unit vectors, one a channel.
Rows<double> MatrixOf(TileTransform transform, int side) {
  const int tokens = side * side;
  Rows<double> matrix(tokens, tokens);
  for (int r = 0; r < tokens; ++r) matrix.view().row(r)[r] = 1;
  const Tile tile{.side = side};
  reference::ForwardAlongTokens(matrix.view(), {&tile, 1}, transform);
  return matrix;
}

class TileTransformTest : public ::testing::TestWithParam<TileTransform> {};

TEST_P(TileTransformTest, IsOrthonormal) {
  for (int side = 1; side <= 16; side *= 2) {
    const Rows<double> matrix = MatrixOf(GetParam(), side);
    for (int a = 0; a < side * side; ++a) {
      for (int b = 0; b < side * side; ++b) {
        double product = 0;
        for (int z = 0; z < side * side; ++z) product += matrix.at(a, z) * matrix.at(b, z);
        ASSERT_NEAR(product, a == b ? 1 : 0, 1e-13) << "side " << side << ", rows " << a << " and " << b;
      }
    }
  }
}

// L 1, which is what a bias would have to be multiplied with to be added before the inverse.
TEST_P(TileTransformTest, AConstantGoesIntoTheMeansAlone) {
  const TileTransform transform = GetParam();
  for (int side = 1; side <= 16; side *= 2) {
    const int run = transform.levels == 0 ? side : std::min(side, 1 << transform.levels);  // tokens of a line in one mean
    const Rows<double> matrix = MatrixOf(transform, side);
    for (int r = 0; r < side * side; ++r) {
      double sum = 0;
      for (int z = 0; z < side * side; ++z) sum += matrix.at(r, z);
      double expected = 1;
      if (transform.kind == SequenceTransform::kHaar1d) expected = ZOrderX(r) % run == 0 ? std::sqrt(run) : 0;
      if (transform.kind == SequenceTransform::kHaar2d) expected = r % (run * run) == 0 ? run : 0;
      if (transform.kind == SequenceTransform::kDct || transform.kind == SequenceTransform::kWht) expected = r == 0 ? side : 0;
      ASSERT_NEAR(sum, expected, 1e-12) << "side " << side << ", row " << r;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transforms, TileTransformTest, ::testing::ValuesIn(kTransforms),
                         [](const auto& info) { return NameOf(info.param); });

// Textbook forms on the raster grid against rows in Z-order.
TEST(SequenceTransformTest, Haar2dIsTheSeparableOneLevelAfterLevel) {
  constexpr int kSide = 4;
  const Rows<double> matrix = MatrixOf({SequenceTransform::kHaar2d}, kSide);
  for (int z = 0; z < kSide * kSide; ++z) {
    const int x = ZOrderX(z), y = ZOrderY(z);
    EXPECT_EQ(matrix.at(0, z), 0.25);                                                         // mean times the side
    EXPECT_EQ(matrix.at(4, z), x < 2 ? 0.25 : -0.25);                                         // left half minus right half
    EXPECT_EQ(matrix.at(8, z), y < 2 ? 0.25 : -0.25);                                         // top minus bottom
    EXPECT_EQ(matrix.at(12, z), (x < 2) == (y < 2) ? 0.25 : -0.25);                           // diagonal
    EXPECT_EQ(matrix.at(1, z), x < 2 && y < 2 ? (x == 0 ? 0.5 : -0.5) : 0);                   // the first square's
    EXPECT_EQ(matrix.at(15, z), x >= 2 && y >= 2 ? ((x == 2) == (y == 2) ? 0.5 : -0.5) : 0);  // the last square's
  }
}

TEST(SequenceTransformTest, Haar1dMixesNeighboursOfOneLineOnly) {
  const Rows<double> matrix = MatrixOf({SequenceTransform::kHaar1d}, 4);
  for (int z = 0; z < 16; ++z) {
    const int x = ZOrderX(z), y = ZOrderY(z);
    EXPECT_NEAR(matrix.at(ZOrder(3, 0), z), y == 3 ? 0.5 : 0, 1e-15);
    EXPECT_NEAR(matrix.at(ZOrder(3, 2), z), y == 3 ? (x < 2 ? 0.5 : -0.5) : 0, 1e-15);
    EXPECT_NEAR(matrix.at(ZOrder(3, 3), z), y == 3 && x >= 2 ? (x == 2 ? 1 : -1) * std::sqrt(0.5) : 0, 1e-15);
  }
}

TEST(SequenceTransformTest, DctOfACosineIsOneCoefficient) {
  constexpr int kSide = 8;
  Rows<double> x(kSide * kSide, 1);
  for (int z = 0; z < kSide * kSide; ++z) {
    x.view().row(z)[0] = std::cos(M_PI * (2 * ZOrderX(z) + 1) * 3 / 16) * std::cos(M_PI * (2 * ZOrderY(z) + 1) * 5 / 16);
  }
  const Tile tile{.side = kSide};
  reference::ForwardAlongTokens(x.view(), {&tile, 1}, {SequenceTransform::kDct});
  for (int z = 0; z < kSide * kSide; ++z) EXPECT_NEAR(x.at(z, 0), z == ZOrder(5, 3) ? 4 : 0, 1e-14);
}

TEST(SequenceTransformTest, WhtOfAWalshFunctionIsOneCoefficient) {
  const Rows<double> matrix = MatrixOf({SequenceTransform::kWht}, 2);
  const double expected[4][4] = {{.5, .5, .5, .5}, {.5, -.5, .5, -.5}, {.5, .5, -.5, -.5}, {.5, -.5, -.5, .5}};
  for (int r = 0; r < 4; ++r) {
    for (int z = 0; z < 4; ++z) EXPECT_EQ(matrix.at(r, z), expected[r][z]);
  }
}

// Every transform, on whole tiles, strips of smaller ones, odd edges and a single token.
struct Case {
  TileTransform transform;
  Grid grid;
  int side;
  int width;
};

class SequenceKernelTest : public ::testing::TestWithParam<Case> {
 protected:
  SequenceKernelTest() {
    x_.Fill(Normal(7));
    y_ = x_;
  }
  void Forward() { cpu::ForwardAlongTokens(y_.view(), layout_.tiles(), GetParam().transform); }

  TokenLayout layout_ = TokenLayout::Tiled(GetParam().grid, GetParam().side);
  Rows<float> x_{GetParam().grid.tokens(), GetParam().width};
  Rows<float> y_{1, 1};
};

TEST_P(SequenceKernelTest, AgreesWithTheReference) {
  Forward();
  Rows<double> exact = x_.As<double>();
  reference::ForwardAlongTokens(exact.view(), layout_.tiles(), GetParam().transform);
  EXPECT_LE(NormalisedError(y_, exact), 3e-7);
  EXPECT_TRUE(y_.MarksStand());
}

TEST_P(SequenceKernelTest, InverseRestores) {
  Forward();
  Rows<double> exact = y_.As<double>();
  cpu::InverseAlongTokens(y_.view(), layout_.tiles(), GetParam().transform);
  EXPECT_LE(NormalisedError(y_, x_), 4e-7);
  reference::InverseAlongTokens(exact.view(), layout_.tiles(), GetParam().transform);
  EXPECT_LE(NormalisedError(exact, x_), 3e-7);
}

TEST_P(SequenceKernelTest, TilesDoNotSeeEachOther) {
  Forward();
  Rows<float> alone = x_;
  for (const Tile& tile : layout_.tiles()) cpu::ForwardAlongTokens(alone.view(), {&tile, 1}, GetParam().transform);
  EXPECT_EQ(alone, y_);
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const TileTransform transform : kTransforms) {
    cases.push_back({transform, {16, 24}, 8, 5});
    cases.push_back({transform, {15, 9}, 8, 16});
    cases.push_back({transform, {26, 38}, 4, 3});
    cases.push_back({transform, {16, 16}, 16, 33});
    cases.push_back({transform, {1, 1}, 8, 1});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Cases, SequenceKernelTest, ::testing::ValuesIn(Cases()), [](const auto& info) {
  const Case& c = info.param;
  return NameOf(c.transform) + "_" + std::to_string(c.grid.height) + "x" + std::to_string(c.grid.width) + "_side" +
         std::to_string(c.side);
});

// What kernels of other processors have to repeat byte for byte.
TEST(SequenceKernelTest, Haar2dRoundsInTheStatedOrder) {
  Rows<float> x(4, 1);
  x.Fill([draw = Normal(3)]() mutable { return static_cast<float>(draw()); });
  const float a = x.at(0, 0), b = x.at(1, 0), c = x.at(2, 0), d = x.at(3, 0);
  const Tile tile{.side = 2};
  cpu::ForwardAlongTokens(x.view(), {&tile, 1}, {SequenceTransform::kHaar2d});
  const float t = a + b, u = a - b, v = c + d, w = c - d;
  EXPECT_EQ(x.at(0, 0), (t + v) / 2);
  EXPECT_EQ(x.at(1, 0), (u + w) / 2);
  EXPECT_EQ(x.at(2, 0), (t - v) / 2);
  EXPECT_EQ(x.at(3, 0), (u - w) / 2);
}

}  // namespace
}  // namespace stampd::kernels
