#include "engine/ops/attention.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tests/golden.h"

namespace stampd::ops {
namespace {

using stampd::testing::ExpectClose;

// The definition, one head at a time, in double.
torch::Tensor Naive(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads) {
  const auto in_double = [&](const torch::Tensor& x) { return x.to(torch::kFloat64).chunk(heads, 1); };
  const auto qs = in_double(q), ks = in_double(k), vs = in_double(v);
  std::vector<torch::Tensor> outs;
  for (std::size_t h = 0; h < qs.size(); ++h) {
    const double scale = 1 / std::sqrt(static_cast<double>(qs[h].size(1)));
    outs.push_back(at::softmax(qs[h].matmul(ks[h].t()) * scale, 1).matmul(vs[h]));
  }
  return at::cat(outs, 1);
}

// Into the middle of wider rows, around which nothing is written.
torch::Tensor Attended(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads) {
  const torch::Tensor wide = at::full({q.size(0), q.size(1) + 8}, 7, q.options());
  Attend(q, k, v, heads, wide.narrow(1, 3, q.size(1)));
  EXPECT_TRUE(wide.narrow(1, 0, 3).eq(7).all().item<bool>() && wide.narrow(1, q.size(1) + 3, 5).eq(7).all().item<bool>());
  return wide.narrow(1, 3, q.size(1));
}

struct Case {
  int queries, keys, heads, head_dim;
};

// Sizes below, at and above every block of the kernels; head widths of the networks, and odd ones.
constexpr Case kCases[] = {{1, 1, 1, 1},      {1, 7, 2, 8},      {5, 16, 3, 24},    {6, 17, 2, 72},    {7, 63, 1, 80},
                           {24, 64, 2, 81},   {25, 65, 1, 112},  {49, 128, 2, 3},   {193, 300, 3, 72}, {64, 1023, 1, 32},
                           {30, 1024, 2, 72}, {31, 1041, 1, 72}, {12, 2100, 1, 16}, {200, 20, 2, 256}, {9, 33, 1, 257}};

class AttentionTest : public ::testing::TestWithParam<std::tuple<Case, torch::ScalarType>> {
 protected:
  static double Tolerance(torch::ScalarType dtype) {
    return dtype == torch::kFloat32 ? 1e-6 : dtype == torch::kBFloat16 ? 6e-3 : 1e-3;
  }

  // Parts of wider rows that start at odd places, as a fused projection's are.
  torch::Tensor Draw(int rows) const {
    const auto& [shape, dtype] = GetParam();
    const int width = shape.heads * shape.head_dim;
    return at::randn({rows, width + 5}).to(dtype).narrow(1, 3, width);
  }
};

TEST_P(AttentionTest, AgreesWithTheDefinition) {
  const auto& [shape, dtype] = GetParam();
  at::manual_seed(1);
  const torch::Tensor q = Draw(shape.queries) * 2, k = Draw(shape.keys), v = Draw(shape.keys);
  ExpectClose(Attended(q, k, v, shape.heads), Naive(q, k, v, shape.heads), Tolerance(dtype));
}

TEST_P(AttentionTest, HugeScoresDoNotOverflow) {
  const auto& [shape, dtype] = GetParam();
  at::manual_seed(2);
  const torch::Tensor q = Draw(shape.queries) * 30, k = Draw(shape.keys) * 30, v = Draw(shape.keys);
  EXPECT_TRUE(at::isfinite(Attended(q, k, v, shape.heads)).all().item<bool>());
}

std::string CaseName(const ::testing::TestParamInfo<AttentionTest::ParamType>& info) {
  const auto& [shape, dtype] = info.param;
  return std::to_string(shape.queries) + "x" + std::to_string(shape.keys) + "x" + std::to_string(shape.heads) + "x" +
         std::to_string(shape.head_dim) + c10::toString(dtype);
}

INSTANTIATE_TEST_SUITE_P(Table, AttentionTest,
                         ::testing::Combine(::testing::ValuesIn(kCases),
                                            ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16)),
                         CaseName);

TEST(AttentionValuesTest, KeysOutOfRangeOfTheLargestWeighNothing) {
  torch::Tensor k = at::zeros({40, 8}, torch::kBFloat16), v = at::ones({40, 8}, torch::kBFloat16);
  k[17].fill_(100);
  v[17].fill_(-3);
  const torch::Tensor out = Attended(at::ones({2, 8}, torch::kBFloat16), k, v, 1);
  EXPECT_TRUE(at::equal(out, at::full({2, 8}, -3, torch::kBFloat16)));
}

TEST(AttentionValuesTest, NaNStaysVisible) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    torch::Tensor q = at::ones({3, 8}, dtype);
    q[1][4] = std::nan("");
    const torch::Tensor out = Attended(q, at::ones({40, 8}, dtype), at::ones({40, 8}, dtype), 1);
    EXPECT_TRUE(at::isnan(out[1]).all().item<bool>());
    EXPECT_TRUE(at::equal(out[0], at::ones({8}, dtype)));
  }
}

}  // namespace
}  // namespace stampd::ops
