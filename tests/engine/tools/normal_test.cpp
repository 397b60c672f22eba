#include "engine/tools/random/normal.h"

#include <cmath>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace stampd::tools {
namespace {

std::vector<float> Normal(std::uint64_t key, std::uint64_t first, std::size_t count, double mean = 0, double stddev = 1) {
  std::vector<float> values(count);
  FillNormal(key, first, mean, stddev, values);
  return values;
}

// The mean of f over values.
template <typename F>
double Mean(const std::vector<float>& values, F f) {
  double sum = 0;
  for (const float value : values) sum += f(value);
  return sum / static_cast<double>(values.size());
}

// Each bound is five standard errors of the estimate.
TEST(FillNormalTest, HasTheMomentsOfANormalDistribution) {
  constexpr std::size_t kCount = 4'000'000;
  const std::vector<float> x = Normal(TensorKey(3, "t"), 0, kCount);
  const double error = 5 / std::sqrt(kCount);
  EXPECT_NEAR(Mean(x, [](double v) { return v; }), 0, error);
  EXPECT_NEAR(Mean(x, [](double v) { return v * v; }), 1, std::sqrt(2.0) * error);
  EXPECT_NEAR(Mean(x, [](double v) { return v * v * v; }), 0, std::sqrt(15.0) * error);
  EXPECT_NEAR(Mean(x, [](double v) { return v * v * v * v; }), 3 - 0.0307, std::sqrt(96.0) * error);
  EXPECT_NEAR(Mean(x, [](double v) { return std::fabs(v) > 2; }), 0.0455, 0.0005 + 0.21 * error);
}

TEST(FillNormalTest, NeighboursTensorsAndSeedsAreIndependent) {
  constexpr std::size_t kCount = 1'000'000;
  const std::vector<float> x = Normal(TensorKey(0, "a"), 0, kCount);
  const auto correlation = [&](const std::vector<float>& y, std::size_t shift) {
    double sum = 0;
    for (std::size_t i = 0; i + shift < kCount; ++i) sum += x[i] * y[i + shift];
    return sum / kCount;
  };
  const double error = 5 / std::sqrt(kCount);
  for (const std::size_t shift : {1U, 2U, 64U, 1152U}) EXPECT_NEAR(correlation(x, shift), 0, error) << "shift " << shift;
  EXPECT_NEAR(correlation(Normal(TensorKey(0, "b"), 0, kCount), 0), 0, error);
  EXPECT_NEAR(correlation(Normal(TensorKey(1, "a"), 0, kCount), 0), 0, error);
}

TEST(FillNormalTest, EveryPartIsThatPartOfTheWhole) {
  const std::vector<float> whole = Normal(7, 0, 1000);
  const std::vector<float> part = Normal(7, 333, 100);
  for (std::size_t i = 0; i < part.size(); ++i) EXPECT_EQ(part[i], whole[333 + i]);
}

// From the definition, in another language's integers: checkpoints must not change with the compiler or the machine.
TEST(FillNormalTest, GivesTheSameNumbersForEver) {
  const std::uint64_t key = TensorKey(42, "proj_out.weight");
  EXPECT_EQ(key, 0x9d421f563181f7cfU);
  const std::vector<float> values = Normal(key, 0, 3);
  EXPECT_FLOAT_EQ(values[0], 0.2927582059501094F);
  EXPECT_FLOAT_EQ(values[1], 0.4735703351079501F);
  EXPECT_FLOAT_EQ(values[2], 0.07662028651973023F);
}

TEST(FillNormalTest, MeanAndSpreadAreApplied) {
  const std::vector<float> unit = Normal(7, 0, 100);
  const std::vector<float> moved = Normal(7, 0, 100, 1, 0.25);
  for (std::size_t i = 0; i < unit.size(); ++i) EXPECT_NEAR(moved[i], 1 + 0.25 * unit[i], 1e-6);
}

float FromF16(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return static_cast<float>(half >> 15 != 0 ? -size : size);
}

float FromBf16(std::uint16_t half) {
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float value = 0;
  std::memcpy(&value, &bits, 4);
  return value;
}

std::uint16_t EncodeOne(float value, io::DType dtype) {
  std::uint16_t half = 0;
  Encode({&value, 1}, dtype, reinterpret_cast<std::byte*>(&half));
  return half;
}

// Every finite number of the format, and what lies between it and the next one further from zero.
void ExpectRoundsToNearestEven(io::DType dtype, float (*decode)(std::uint16_t), std::uint16_t largest) {
  for (const std::uint16_t sign : {0, 0x8000}) {
    for (std::uint16_t code = 0; code < largest; ++code) {
      const auto lower = static_cast<std::uint16_t>(code | sign);
      const auto upper = static_cast<std::uint16_t>(lower + 1);
      const auto middle = static_cast<float>((double{decode(lower)} + decode(upper)) / 2);
      ASSERT_EQ(EncodeOne(decode(lower), dtype), lower);
      ASSERT_EQ(EncodeOne(middle, dtype), code % 2 == 0 ? lower : upper) << middle;
      ASSERT_EQ(EncodeOne(std::nextafter(middle, decode(lower)), dtype), lower) << middle;
      ASSERT_EQ(EncodeOne(std::nextafter(middle, decode(upper)), dtype), upper) << middle;
    }
  }
}

TEST(EncodeTest, F16RoundsToNearestEven) { ExpectRoundsToNearestEven(io::DType::kF16, FromF16, 0x7bff); }

TEST(EncodeTest, Bf16RoundsToNearestEven) { ExpectRoundsToNearestEven(io::DType::kBF16, FromBf16, 0x7f7e); }

}  // namespace
}  // namespace stampd::tools
