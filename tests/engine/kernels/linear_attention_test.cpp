#include "engine/kernels/linear_attention.h"

#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/kernels/rows.h"

namespace stampd::kernels {
namespace {

using cpu::InstructionSet;
using stampd::testing::Normal;
using stampd::testing::NormalisedError;
using stampd::testing::Rows;

struct Shape {
  int tokens, head_dim;
};

template <typename T>
Rows<T> Attended(const Rows<T>& q, const Rows<T>& k, const Rows<T>& v, InstructionSet set) {
  std::vector<float> sums(cpu::LinearAttentionSums(q.width()));
  cpu::SumKeysAndValues<T>(k.view(), v.view(), sums.data(), set);
  Rows<T> out(q.rows(), q.width());
  cpu::LinearAttend<T>(q.view(), sums.data(), out.view(), set);
  EXPECT_TRUE(out.MarksStand());
  return out;
}

template <typename T>
Rows<double> Expected(const Rows<T>& q, const Rows<T>& k, const Rows<T>& v) {
  const Rows<double> wide_q = q.template As<double>(), wide_k = k.template As<double>(), wide_v = v.template As<double>();
  Rows<double> out(q.rows(), q.width());
  reference::LinearAttend(wide_q.view(), wide_k.view(), wide_v.view(), out.view());
  return out;
}

class LinearAttentionTest : public ::testing::TestWithParam<std::tuple<Shape, InstructionSet>> {
 protected:
  LinearAttentionTest() {
    Normal normal(3);
    for (Rows<float>* const rows : {&q_, &k_, &v_}) rows->Fill(normal);
  }
  int head_dim() const { return std::get<0>(GetParam()).head_dim; }
  int tokens() const { return std::get<0>(GetParam()).tokens; }
  InstructionSet set() const { return std::get<1>(GetParam()); }

  Rows<float> q_{tokens(), head_dim()}, k_{tokens(), head_dim()}, v_{tokens(), head_dim()};
};

TEST_P(LinearAttentionTest, AgreesWithTheDefinition) {
  // A query or key without a positive channel weighs nothing: what it gets is 0, which a relative error can't see.
  q_.view().row(0)[0] = k_.view().row(0)[0] = 1;
  EXPECT_LE(NormalisedError(Attended(q_, k_, v_, set()), Expected(q_, k_, v_)), 2e-6);
}

TEST_P(LinearAttentionTest, EveryInstructionSetGivesTheSameBytes) {
  EXPECT_EQ(Attended(q_, k_, v_, set()), Attended(q_, k_, v_, InstructionSet::kSse2));
}

TEST_P(LinearAttentionTest, RoundsBf16OnceAtTheEnd) {
  const auto width = static_cast<std::size_t>(head_dim()), count = static_cast<std::size_t>(tokens()) * width;
  std::vector<Bf16> q(count), k(count), v(count), out(count);
  const auto round = [&](Rows<float>& from, std::vector<Bf16>& to) {
    for (std::size_t i = 0; i < count; ++i) {
      float& value = from.view().row(static_cast<int>(i / width))[i % width];
      to[i] = ToBf16(value);
      value = ToFloat(to[i]);
    }
  };
  round(q_, q), round(k_, k), round(v_, v);
  const auto view = [&](std::vector<Bf16>& x) { return TokenView<Bf16>{x.data(), tokens(), head_dim(), head_dim()}; };
  const auto read = [&](std::vector<Bf16>& x) { return TokenView<const Bf16>{x.data(), tokens(), head_dim(), head_dim()}; };
  std::vector<float> sums(cpu::LinearAttentionSums(head_dim()));
  cpu::SumKeysAndValues<Bf16>(read(k), read(v), sums.data(), set());
  cpu::LinearAttend<Bf16>(read(q), sums.data(), view(out), set());
  const Rows<float> expected = Attended(q_, k_, v_, set());
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(out[i].bits, ToBf16(expected.at(static_cast<int>(i / width), static_cast<int>(i % width))).bits) << i;
  }
}

TEST_P(LinearAttentionTest, AQueryDoesNotSeeItsNeighbours) {
  const Rows<float> all = Attended(q_, k_, v_, set());
  std::vector<float> sums(cpu::LinearAttentionSums(head_dim()));
  cpu::SumKeysAndValues<float>(std::as_const(k_).view(), std::as_const(v_).view(), sums.data(), set());
  for (int r = 0; r < tokens(); ++r) {
    Rows<float> alone(1, head_dim());
    cpu::LinearAttend<float>({q_.view().row(r), 1, head_dim(), 0}, sums.data(), alone.view(), set());
    for (int c = 0; c < head_dim(); ++c) ASSERT_EQ(alone.at(0, c), all.at(r, c)) << r << ", " << c;
  }
}

TEST_P(LinearAttentionTest, AQueryWithoutWeightsGetsNothingAndNaNStaysVisible) {
  for (int c = 0; c < head_dim(); ++c) q_.view().row(0)[c] = -1;
  if (tokens() > 1) q_.view().row(tokens() - 1)[head_dim() / 2] = std::numeric_limits<float>::quiet_NaN();
  const Rows<float> out = Attended(q_, k_, v_, set());
  for (int c = 0; c < head_dim(); ++c) {
    EXPECT_EQ(out.at(0, c), 0);
    EXPECT_EQ(std::isnan(out.at(tokens() - 1, c)), tokens() > 1);
  }
}

std::string CaseName(const ::testing::TestParamInfo<LinearAttentionTest::ParamType>& info) {
  const auto& [shape, set] = info.param;
  return std::to_string(shape.tokens) + "x" + std::to_string(shape.head_dim) + "_" + cpu::Name(set);
}

// Below, at and above every block of the kernel; the networks' heads, and odd ones.
INSTANTIATE_TEST_SUITE_P(Shapes, LinearAttentionTest,
                         ::testing::Combine(::testing::Values(Shape{1, 1}, Shape{5, 3}, Shape{63, 8}, Shape{64, 17}, Shape{65, 32},
                                                              Shape{130, 31}, Shape{300, 32}, Shape{9, 512}),
                                            ::testing::ValuesIn(cpu::RunnableInstructionSets().begin(),
                                                                cpu::RunnableInstructionSets().end())),
                         CaseName);

}  // namespace
}  // namespace stampd::kernels
