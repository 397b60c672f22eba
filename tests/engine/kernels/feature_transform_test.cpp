#include "engine/kernels/feature_transform.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/kernels/rows.h"

namespace stampd::kernels {
namespace {

using stampd::testing::Energy;
using stampd::testing::Normal;
using stampd::testing::NormalisedError;
using stampd::testing::Rows;

struct Case {
  int width;
  int block;
  bool scaled;
};

class FeatureTransformTest : public ::testing::TestWithParam<Case> {
 protected:
  FeatureTransformTest() {
    x_.Fill(Normal(5));
    Normal draw(6);
    for (float& factor : factors_) factor = static_cast<float>(std::exp(draw()));
  }
  FeatureTransform transform() const { return {GetParam().scaled ? factors_.data() : nullptr, GetParam().block}; }
  FeatureTransform rotation() const { return {nullptr, GetParam().block}; }

  Rows<float> x_{3, GetParam().width};
  std::vector<float> factors_ = std::vector<float>(static_cast<std::size_t>(GetParam().width));
};

TEST_P(FeatureTransformTest, AgreesWithTheReference) {
  Rows<double> exact = x_.As<double>();
  cpu::TransformFeatures(x_.view(), transform());
  reference::TransformFeatures(exact.view(), transform());
  EXPECT_LE(NormalisedError(x_, exact), 3e-7);
  EXPECT_TRUE(x_.MarksStand());
}

TEST_P(FeatureTransformTest, RotationKeepsEnergyAndIsItsOwnInverse) {
  Rows<double> x = x_.As<double>();
  reference::TransformFeatures(x.view(), rotation());
  EXPECT_NEAR(Energy(x), Energy(x_), 1e-12 * Energy(x_));
  reference::TransformFeatures(x.view(), rotation());
  EXPECT_LE(NormalisedError(x, x_), 1e-14);
}

// (X R)(R^-1 W)ᵀ = X Wᵀ, with 1/s on the activations' side and s on the weights'.
TEST_P(FeatureTransformTest, CancelsInTheProduct) {
  Rows<double> x = x_.As<double>(), w(2, GetParam().width);
  w.Fill(Normal(8));
  const auto product = [&] {
    double sum = 0;
    for (int c = 0; c < x.width(); ++c) sum += x.at(1, c) * w.at(1, c);
    return sum;
  };
  const double before = product();
  std::vector<float> reciprocals = factors_;
  for (float& factor : reciprocals) factor = 1 / factor;
  reference::TransformFeatures(x.view(), {GetParam().scaled ? reciprocals.data() : nullptr, GetParam().block});
  reference::TransformFeatures(w.view(), transform());
  EXPECT_NEAR(product(), before, 1e-7 * std::sqrt(Energy(x) * Energy(w)));
}

INSTANTIATE_TEST_SUITE_P(Cases, FeatureTransformTest,
                         ::testing::Values(Case{7, 0, true}, Case{1152, 128, true}, Case{192, 64, false}, Case{36, 4, true},
                                           Case{10, 2, false}, Case{2240, 64, true}, Case{4096, 4096, false}),
                         [](const auto& info) {
                           return std::to_string(info.param.width) + "_block" + std::to_string(info.param.block) +
                                  (info.param.scaled ? "_scaled" : "");
                         });

TEST(FeatureKernelTest, RoundsInTheStatedOrder) {
  Rows<float> x(1, 4);
  x.Fill([draw = Normal(3)]() mutable { return static_cast<float>(draw()); });
  const float a = x.at(0, 0), b = x.at(0, 1), c = x.at(0, 2), d = x.at(0, 3);
  cpu::TransformFeatures(x.view(), {nullptr, 4});
  EXPECT_EQ(x.at(0, 0), ((a + b) + (c + d)) / 2);
  EXPECT_EQ(x.at(0, 1), ((a - b) + (c - d)) / 2);
  EXPECT_EQ(x.at(0, 2), ((a + b) - (c + d)) / 2);
  EXPECT_EQ(x.at(0, 3), ((a - b) - (c - d)) / 2);
}

}  // namespace
}  // namespace stampd::kernels
