#include "engine/ops/linear.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/golden.h"

namespace stampd::ops {
namespace {

using stampd::testing::ExpectClose;

struct Case {
  std::int64_t rows, in, out;
};

constexpr Case kCases[] = {{1, 1, 1}, {1, 256, 48}, {3, 17, 5}, {7, 40, 24}, {64, 16, 1152}, {33, 1152, 96}, {100, 96, 384}};

class LinearTest : public ::testing::TestWithParam<std::tuple<Case, torch::ScalarType>> {
 protected:
  LinearTest() { at::manual_seed(6); }
  torch::Tensor Draw(at::IntArrayRef shape) const { return at::randn(shape).to(std::get<1>(GetParam())); }
  double tolerance() const {
    const torch::ScalarType dtype = std::get<1>(GetParam());
    return dtype == torch::kFloat32 ? 2e-6 : dtype == torch::kBFloat16 ? 5e-3 : 1e-3;
  }

  const Case shape_ = std::get<0>(GetParam());
  const torch::Tensor weight_ = Draw({shape_.out, shape_.in});
  const torch::Tensor bias_ = Draw({shape_.out});
  const torch::Tensor x_ = Draw({shape_.rows, shape_.in});
  const torch::Tensor product_ = x_.to(torch::kFloat64).matmul(weight_.to(torch::kFloat64).t());
};

TEST_P(LinearTest, MultipliesAndAdds) {
  const torch::Tensor y = PackedLinear(weight_, bias_)(x_);
  EXPECT_EQ(y.scalar_type(), weight_.scalar_type());
  ExpectClose(y, product_ + bias_.to(torch::kFloat64), tolerance());
}

TEST_P(LinearTest, NeedsNoBias) { ExpectClose(PackedLinear(weight_, {})(x_), product_, tolerance()); }

TEST_P(LinearTest, ActivatesByTheTanhForm) {
  torch::Tensor expected = product_ + bias_.to(torch::kFloat64);
  expected = expected * 0.5 * (at::tanh((expected + expected.pow(3) * 0.044715) * std::sqrt(2 / M_PI)) + 1);
  ExpectClose(PackedLinear(weight_, bias_)(x_, Activation::kGeluTanh), expected, 2 * tolerance());
}

TEST_P(LinearTest, ActivatesBySilu) {
  const torch::Tensor y = product_ + bias_.to(torch::kFloat64);
  ExpectClose(PackedLinear(weight_, bias_)(x_, Activation::kSilu), y / (at::exp(-y) + 1), 2 * tolerance());
}

TEST_P(LinearTest, RowsOfAWiderTensorMayBeTaken) {
  const torch::Tensor wide = at::cat({x_, x_, x_}, 1).narrow(1, shape_.in, shape_.in);
  ExpectClose(PackedLinear(weight_, {})(wide), product_, tolerance());
}

INSTANTIATE_TEST_SUITE_P(Table, LinearTest,
                         ::testing::Combine(::testing::ValuesIn(kCases),
                                            ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16)));

}  // namespace
}  // namespace stampd::ops
