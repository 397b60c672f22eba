#include "engine/layers/linear_attention.h"

#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/temporary_folder.h"
#include "tests/written_archive.h"

namespace stampd::layers {
namespace {

using stampd::testing::NamedTensors;
using stampd::testing::TemporaryFolder;

constexpr std::int64_t kWidth = 8;

// What goes beyond fp16 on its way out is pulled back to its limits, so that a closed gate makes it nothing, and not NaN.
TEST(LinearAttentionTest, OverflowInFp16StaysFinite) {
  at::manual_seed(12);
  const TemporaryFolder folder;
  NamedTensors tensors;
  for (const char* const name : {"to_q", "to_k", "to_v"}) tensors[std::string(name) + ".weight"] = at::rand({kWidth, kWidth});
  tensors["to_out.0.weight"] = at::full({kWidth, kWidth}, 6e4);
  tensors["to_out.0.bias"] = at::zeros({kWidth});
  stampd::testing::WriteTensors(tensors, folder.path() / "model.safetensors");
  Weights weights(io::TensorArchive::Open(folder.path(), "model"), torch::kFloat16, torch::kCPU);
  const LinearAttention attention(WeightScope(weights), 2, kWidth, /*bias=*/false, /*qk_norm=*/false);

  const auto row = [](double value) { return at::full({1, kWidth}, value, torch::kFloat16); };
  const ops::Norm norm{.shift = row(8), .scale = row(0)};
  const torch::Tensor before = at::randn({3, kWidth}).to(torch::kFloat16);
  const ops::Segment segment{0, 3};
  torch::Tensor closed = before.clone(), ajar = before.clone();
  attention.AddTo(closed, {&segment, 1}, norm, row(0));
  EXPECT_TRUE(at::equal(closed, before));
  attention.AddTo(ajar, {&segment, 1}, norm, row(0.5));
  EXPECT_TRUE(at::equal(ajar, (before.to(torch::kFloat32) + 0.5 * 65504).to(torch::kFloat16)));
}

}  // namespace
}  // namespace stampd::layers
