#include "engine/quant/sqnr.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/quant/smooth_scales.h"

namespace stampd::quant {
namespace {

TEST(SqnrTest, IsTheRatioOfEnergiesInDecibels) {
  const std::vector<float> exact = {3, -4, 0, 5}, test = {3, -4, 0.5f, 5};
  const Sqnr sums = MeasureSqnr(exact, test);
  EXPECT_EQ(sums.signal, 50);
  EXPECT_EQ(sums.noise, 0.25);
  EXPECT_EQ(sums.elements, 4);
  EXPECT_NEAR(sums.Db(), 10 * std::log10(200.0), 1e-12);
  EXPECT_NEAR(sums.PsnrDb(2), 10 * std::log10(4 / (0.25 / 4)), 1e-12);
}

TEST(SqnrTest, EqualTensorsHaveNoNoise) {
  const std::vector<float> x = {1, 2};
  EXPECT_EQ(MeasureSqnr(x, x).Db(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(MeasureSqnr(x, x).PsnrDb(1), std::numeric_limits<double>::infinity());
}

// A good sample and a bad one: the mean of decibels lies half-way, the pooled ratio near the bad one.
TEST(SqnrTest, MeanAndPooledDiffer) {
  SqnrAverage average;
  average.Add({.signal = 1, .noise = 1e-4, .elements = 1});
  average.Add({.signal = 1, .noise = 1e-2, .elements = 1});
  EXPECT_EQ(average.samples(), 2);
  EXPECT_NEAR(average.MeanDb(), 30, 1e-12);
  EXPECT_NEAR(average.PooledDb(), 10 * std::log10(2 / 1.01e-2), 1e-12);
}

TEST(SmoothScalesTest, ShareTheRangeBetweenActivationsAndWeights) {
  const std::vector<float> activations = {16, 4, 0, 1e-20f}, weights = {1, 0.25f, 1, 0};
  const std::vector<float> scales = SmoothScales(activations, weights, 0.5);
  EXPECT_FLOAT_EQ(scales[0], 4);
  EXPECT_FLOAT_EQ(scales[1], 4);
  EXPECT_FLOAT_EQ(scales[2], std::sqrt(1e-5f));
  EXPECT_FLOAT_EQ(scales[3], 1);
  // Both ranges are then the same.
  EXPECT_FLOAT_EQ(activations[0] / scales[0], weights[0] * scales[0]);
}

}  // namespace
}  // namespace stampd::quant
