#include "engine/kernels/attention.h"

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace stampd::kernels {
namespace {

Bf16 Rounded(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return {static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

// Rows of bf16 that start at an odd element and lie an odd number of elements apart, and the same numbers as doubles.
class Rows {
 public:
  Rows(int rows, int width)
      : rows_(rows), width_(width), stride_(width + 3 - width % 2), half_(1 + rows * stride_), exact_(rows * width) {}

  void Fill(std::mt19937& random, double scale) {
    std::normal_distribution<double> normal(0, scale);
    for (int r = 0; r < rows_; ++r) {
      for (int c = 0; c < width_; ++c) {
        half().row(r)[c] = Rounded(normal(random));
        exact().row(r)[c] = ToFloat(half().row(r)[c]);
      }
    }
  }

  TokenView<Bf16> half() { return {half_.data() + 1, rows_, width_, stride_}; }
  TokenView<const Bf16> half() const { return {half_.data() + 1, rows_, width_, stride_}; }
  TokenView<double> exact() { return {exact_.data(), rows_, width_, width_}; }
  TokenView<const double> exact() const { return {exact_.data(), rows_, width_, width_}; }

 private:
  int rows_, width_, stride_;
  std::vector<Bf16> half_;
  std::vector<double> exact_;
};

struct Shape {
  int queries, keys, head_dim;
};

class AttentionKernelTest : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    if (!cpu::CanAttendBf16(GetParam().head_dim)) GTEST_SKIP() << "this processor has no AVX-512 with BF16";
    std::mt19937 random(11);
    q_.Fill(random, 2);
    k_.Fill(random, 1);
    v_.Fill(random, 1);
    const Rows &k = k_, &v = v_;
    cpu::PackKeysAndValues(k.half(), v.half(), packed_.data());
  }

  void Attend(TokenView<const Bf16> q, TokenView<Bf16> out) const {
    cpu::AttendBf16(q, packed_.data(), GetParam().keys, static_cast<float>(kScale), out);
  }

  static constexpr double kScale = 0.3;
  Rows q_{GetParam().queries, GetParam().head_dim};
  Rows k_{GetParam().keys, GetParam().head_dim};
  Rows v_{GetParam().keys, GetParam().head_dim};
  Rows out_{GetParam().queries, GetParam().head_dim};
  std::vector<std::uint32_t> packed_ =
      std::vector<std::uint32_t>(cpu::PackedKeysAndValuesWords(GetParam().keys, GetParam().head_dim));
};

TEST_P(AttentionKernelTest, AgreesWithTheDefinition) {
  const Rows &q = q_, &k = k_, &v = v_;
  Attend(q.half(), out_.half());
  reference::Attend(q.exact(), k.exact(), v.exact(), kScale, out_.exact());
  double error = 0, size = 0;
  for (int r = 0; r < GetParam().queries; ++r) {
    for (int c = 0; c < GetParam().head_dim; ++c) {
      const double expected = out_.exact().row(r)[c];
      error += std::pow(ToFloat(out_.half().row(r)[c]) - expected, 2);
      size += std::pow(expected, 2);
    }
  }
  EXPECT_LE(std::sqrt(error / size), 5e-3);
}

TEST_P(AttentionKernelTest, AQueryDoesNotSeeItsNeighbours) {
  const Rows& q = q_;
  Attend(q.half(), out_.half());
  Rows alone(1, GetParam().head_dim);
  for (int r = 0; r < GetParam().queries; ++r) {
    TokenView<const Bf16> one = q.half();
    one.data = one.row(r);
    one.rows = 1;
    Attend(one, alone.half());
    for (int c = 0; c < GetParam().head_dim; ++c)
      ASSERT_EQ(alone.half().row(0)[c].bits, out_.half().row(r)[c].bits) << r << ", " << c;
  }
}

TEST_P(AttentionKernelTest, WritesNothingBetweenRows) {
  const Rows& q = q_;
  const TokenView<Bf16> out = out_.half();
  const auto gap = [&](int r) -> Bf16& { return out.row(r)[out.width]; };
  for (int r = 0; r < out.rows - 1; ++r) gap(r).bits = 0x1234;
  Attend(q.half(), out);
  for (int r = 0; r < out.rows - 1; ++r) EXPECT_EQ(gap(r).bits, 0x1234);
}

// Below, at and above every block of the kernel; the networks' head widths, and odd ones.
INSTANTIATE_TEST_SUITE_P(Shapes, AttentionKernelTest,
                         testing::Values(Shape{1, 1, 1}, Shape{1, 7, 8}, Shape{5, 16, 24}, Shape{6, 17, 72}, Shape{7, 63, 80},
                                         Shape{24, 64, 81}, Shape{25, 65, 112}, Shape{49, 128, 3}, Shape{100, 300, 72},
                                         Shape{30, 1024, 72}, Shape{31, 1041, 72}, Shape{8, 2100, 16}, Shape{9, 40, 88},
                                         Shape{29, 129, 256}),
                         [](const auto& info) {
                           return std::to_string(info.param.queries) + "x" + std::to_string(info.param.keys) + "x" +
                                  std::to_string(info.param.head_dim);
                         });

}  // namespace
}  // namespace stampd::kernels
