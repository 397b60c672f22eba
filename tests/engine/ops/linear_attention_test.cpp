#include "engine/ops/linear_attention.h"

#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/threads.h"

namespace stampd::ops {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Threads;

// The definition in double: every query's weights of all keys.
torch::Tensor Naive(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads) {
  const auto in_double = [&](const torch::Tensor& x) { return x.to(torch::kFloat64).chunk(heads, 1); };
  const auto qs = in_double(q), ks = in_double(k), vs = in_double(v);
  std::vector<torch::Tensor> outs;
  for (std::size_t h = 0; h < qs.size(); ++h) {
    const torch::Tensor weights = at::relu(qs[h]).matmul(at::relu(ks[h]).t());
    outs.push_back(weights.matmul(vs[h]) / (weights.sum(1, true) + 1e-15));
  }
  return at::cat(outs, 1);
}

class LinearAttentionTest : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  static constexpr int kTokens = 150, kHeads = 5, kWidth = kHeads * 24;

  LinearAttentionTest() {
    at::manual_seed(9);
    const torch::Tensor wide = at::randn({kTokens, 3 * kWidth + 1}).to(GetParam()).narrow(1, 1, 3 * kWidth);
    const std::vector<torch::Tensor> split = wide.chunk(3, 1);
    q_ = split[0], k_ = split[1], v_ = split[2];
  }
  double tolerance() const { return GetParam() == torch::kFloat32 ? 1e-6 : GetParam() == torch::kBFloat16 ? 5e-3 : 1e-3; }

  // Into the middle of wider rows, around which nothing is written.
  torch::Tensor Attended() const {
    const torch::Tensor wide = at::full({kTokens, kWidth + 8}, 7, q_.options());
    LinearAttend(q_, k_, v_, kHeads, wide.narrow(1, 3, kWidth));
    EXPECT_TRUE(wide.narrow(1, 0, 3).eq(7).all().item<bool>() && wide.narrow(1, kWidth + 3, 5).eq(7).all().item<bool>());
    return wide.narrow(1, 3, kWidth);
  }

  torch::Tensor q_, k_, v_;
};

TEST_P(LinearAttentionTest, AgreesWithTheDefinition) { ExpectClose(Attended(), Naive(q_, k_, v_, kHeads), tolerance()); }

TEST_P(LinearAttentionTest, ThreadsDoNotChangeAByte) {
  const torch::Tensor expected = Attended();
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    EXPECT_TRUE(at::equal(Attended(), expected)) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, LinearAttentionTest, ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

}  // namespace
}  // namespace stampd::ops
