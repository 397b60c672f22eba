#include <gtest/gtest.h>

#include "engine/layers/text_projection.h"
#include "engine/models/dit/patch_embedding.h"
#include "engine/models/sana/block.h"
#include "engine/models/sana/conditioning.h"
#include "engine/ops/patches.h"
#include "engine/ops/rms_norm.h"
#include "tests/golden.h"

namespace stampd::models::sana {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Golden;

// What stands inside the network, stage by stage, on the golden's odd grid: a fault in a forward is found at its place.
class StagesTest : public ::testing::Test {
 protected:
  torch::Tensor InLayoutOrder(const torch::Tensor& raster) const {
    return raster.index_select(0, ops::RasterIndex(layout_, torch::kCPU));
  }

  const Golden golden_{"sana/golden"};
  const SanaConfig config_ = ReadConfig(io::Config::Read("tests/data/sana/config.json"));
  layers::Weights weights_{io::TensorArchive::Open("tests/data/sana", "diffusion_pytorch_model"), torch::kFloat32, torch::kCPU};
  const layers::WeightScope scope_{weights_};
  const TokenLayout layout_ = TokenLayout::Tiled({5, 7}, 4);
};

TEST_F(StagesTest, TimestepsBecomeModulation) {
  const Conditioning conditioning(scope_ / "time_embed", config_, torch::kCPU);
  const double timesteps[] = {999, 1};
  for (int r = 0; r < 2; ++r) {
    const dit::Condition condition = conditioning.Forward(timesteps[r], 0, torch::kFloat32);
    ExpectClose(condition.embedding, golden_["odd.embedded_timestep"][r], 1e-6);
    ExpectClose(condition.modulation, golden_["odd.modulation"][r].reshape({6, config_.width()}), 1e-6);
  }
}

TEST_F(StagesTest, PatchesBecomeTokens) {
  const dit::PatchEmbedding embedding(scope_ / "patch_embed", 6, 1, config_.width(), {}, torch::kCPU);
  for (int r = 0; r < 2; ++r) {
    ExpectClose(embedding.Forward(golden_["odd.latents"][r], layout_), InLayoutOrder(golden_["odd.tokens"][r]), 1e-6);
  }
}

TEST_F(StagesTest, TextIsProjectedAndNormed) {
  const torch::Tensor text =
      layers::TextProjection(scope_ / "caption_projection", 28, config_.width()).Forward(golden_["odd.text"][1]);
  ops::Normalize(text, {.weight = scope_.Take("caption_norm.weight", {config_.width()})});
  ExpectClose(text, golden_["odd.caption"][1], 1e-6);
}

TEST_F(StagesTest, EachBlockLeavesWhatTheReferenceLeaves) {
  const torch::Tensor text = golden_["odd.caption"][0].narrow(0, 0, 7).contiguous();
  const torch::Tensor modulation = golden_["odd.modulation"][0].reshape({1, 6, config_.width()});
  torch::Tensor x = InLayoutOrder(golden_["odd.tokens"][0]);
  const ops::Segment segment{0, 35, &layout_};
  for (int i = 0; i < config_.layers; ++i) {
    const Block block(scope_ / "transformer_blocks" / i, config_);
    const layers::KeysAndValues keys_and_values = block.PrepareText(text);
    const layers::KeysAndValues* const of_segment = &keys_and_values;
    block.Forward(x, {&segment, 1}, modulation, {&of_segment, 1});
    ExpectClose(x, InLayoutOrder(golden_["odd.block." + std::to_string(i)][0]), 1e-5, "block " + std::to_string(i));
  }
}

}  // namespace
}  // namespace stampd::models::sana
