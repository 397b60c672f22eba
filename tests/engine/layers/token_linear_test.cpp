#include "engine/layers/token_linear.h"

#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/temporary_folder.h"
#include "tests/written_archive.h"

namespace stampd::layers {
namespace {

using stampd::testing::TemporaryFolder;
using stampd::testing::WriteTensors;

constexpr std::int64_t kIn = 4608, kOut = 40;

class TokenLinearTest : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  void SetUp() override {
    at::manual_seed(8);
    for (const std::string name : {"a", "b"}) {
      tensors_[name + ".weight"] = Draw({kOut, kIn});
      tensors_[name + ".bias"] = Draw({kOut});
    }
    WriteTensors(tensors_, folder_.path() / "model.safetensors");
  }

  std::unique_ptr<const TokenLinear> Load(const std::vector<std::string_view>& names) const {
    Weights weights(io::TensorArchive::Open(folder_.path(), "model"), GetParam(), torch::kCPU);
    return LoadLinear(WeightScope(weights), names, kIn, kOut);
  }

  torch::Tensor Draw(at::IntArrayRef shape) const { return at::randn(shape).to(GetParam()); }

  TemporaryFolder folder_;
  stampd::testing::NamedTensors tensors_;
};

// As wide as a network's: here the library rounds a row that is multiplied alone differently from the same row among others.
TEST_P(TokenLinearTest, ASegmentOfOneTokenIsByteForByteWhatItIsAlone) {
  const auto linear = Load({"a"});
  const std::vector<ops::Segment> segments = {{0, 1}, {1, 5}, {6, 1}, {7, 60}, {67, 1}};
  const torch::Tensor x = Draw({68, kIn});
  const torch::Tensor packed = linear->Forward(x, segments);
  for (const ops::Segment& segment : segments) {
    const torch::Tensor alone = linear->Forward(ops::RowsOf(x, segment).clone());
    EXPECT_TRUE(at::equal(ops::RowsOf(packed, segment), alone)) << "from row " << segment.first;
  }
}

TEST_P(TokenLinearTest, LinearsOfOneInputLieSideBySide) {
  const torch::Tensor x = Draw({3, kIn});
  const torch::Tensor both = Load({"a", "b"})->Forward(x);
  ASSERT_EQ(both.sizes(), at::IntArrayRef({3, 2 * kOut}));
  const torch::Tensor each = at::cat({Load({"a"})->Forward(x), Load({"b"})->Forward(x)}, 1);
  stampd::testing::ExpectClose(both, each, GetParam() == torch::kFloat32 ? 1e-6 : 5e-3);
}

INSTANTIATE_TEST_SUITE_P(Types, TokenLinearTest, ::testing::Values(torch::kFloat32, torch::kBFloat16, torch::kFloat16),
                         [](const auto& info) { return std::string(c10::toString(info.param)); });

}  // namespace
}  // namespace stampd::layers
