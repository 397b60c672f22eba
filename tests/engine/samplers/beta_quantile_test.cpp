#include "engine/samplers/beta_quantile.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/golden.h"

namespace stampd::samplers {
namespace {

TEST(BetaQuantileTest, EqualsScipy) {
  const testing::Golden golden("schedulers/beta");
  const torch::Tensor a = golden["a"], b = golden["b"], p = golden["p"], x = golden["x"];
  ASSERT_GT(p.numel(), 0);
  for (int i = 0; i < p.numel(); ++i) {
    const double expected = x[i].item<double>();
    EXPECT_NEAR(BetaQuantile(p[i].item<double>(), a[i].item<double>(), b[i].item<double>()), expected, 1e-12 * expected)
        << "at p = " << p[i].item<double>() << ", a = " << a[i].item<double>();
  }
}

TEST(BetaQuantileTest, InvertsTheDistribution) {
  for (int i = 1; i < 100; ++i) {
    const double p = i / 100.0;
    EXPECT_NEAR(RegularizedBeta(BetaQuantile(p, 0.6, 0.6), 0.6, 0.6), p, 1e-13);
  }
}

TEST(BetaQuantileTest, DistributionWithWholeParametersIsAPolynomial) {
  for (const double x : {0.01, 0.3, 0.5, 0.9}) {
    EXPECT_NEAR(RegularizedBeta(x, 1, 1), x, 1e-14);
    EXPECT_NEAR(RegularizedBeta(x, 2, 1), x * x, 1e-14);
    EXPECT_NEAR(RegularizedBeta(x, 2, 3), 6 * x * x - 8 * std::pow(x, 3) + 3 * std::pow(x, 4), 1e-14);
  }
}

}  // namespace
}  // namespace stampd::samplers
