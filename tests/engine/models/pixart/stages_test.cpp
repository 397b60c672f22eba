#include <gtest/gtest.h>

#include "engine/layers/text_projection.h"
#include "engine/models/dit/patch_embedding.h"
#include "engine/models/pixart/block.h"
#include "engine/models/pixart/conditioning.h"
#include "engine/ops/patches.h"
#include "tests/golden.h"

namespace stampd::models::pixart {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Golden;

// What stands inside the network, stage by stage, on the golden's native grid: a fault in a forward is found at its place.
class StagesTest : public ::testing::Test {
 protected:
  torch::Tensor InLayoutOrder(const torch::Tensor& raster) const {
    return raster.index_select(0, ops::RasterIndex(layout_, torch::kCPU));
  }

  const Golden golden_{"pixart/golden"};
  const PixArtConfig config_ = ReadConfig(io::Config::Read("tests/data/pixart/config.json"), false);
  layers::Weights weights_{io::TensorArchive::Open("tests/data/pixart", "diffusion_pytorch_model"), torch::kFloat32, torch::kCPU};
  const layers::WeightScope scope_{weights_};
  const TokenLayout layout_ = TokenLayout::Tiled({8, 8}, 8);
};

TEST_F(StagesTest, TimestepsBecomeModulation) {
  const Conditioning conditioning(scope_ / "adaln_single", config_, torch::kCPU);
  const double timesteps[] = {999, 1};
  for (int r = 0; r < 2; ++r) {
    const dit::Condition condition = conditioning.Forward(timesteps[r], 128, 128);
    ExpectClose(condition.embedding, golden_["native.embedded_timestep"][r], 1e-6);
    ExpectClose(condition.modulation, golden_["native.modulation"][r].reshape({6, config_.width()}), 1e-6);
  }
}

TEST_F(StagesTest, PatchesAndPlacesBecomeTokens) {
  const dit::PatchEmbedding embedding(scope_ / "pos_embed", 4, 2, config_.width(), dit::Positions{8, 1}, torch::kCPU);
  for (int r = 0; r < 2; ++r) {
    ExpectClose(embedding.Forward(golden_["native.latents"][r], layout_), InLayoutOrder(golden_["native.tokens"][r]), 1e-6);
  }
}

TEST_F(StagesTest, EachBlockLeavesWhatTheReferenceLeaves) {
  const layers::TextProjection projection(scope_ / "caption_projection", 40, config_.width());
  const torch::Tensor text = projection.Forward(golden_["native.text"][0].narrow(0, 0, 7));
  const torch::Tensor modulation = golden_["native.modulation"][0].reshape({1, 6, config_.width()});
  torch::Tensor x = InLayoutOrder(golden_["native.tokens"][0]);
  const ops::Segment segment{0, 64, &layout_};
  for (int i = 0; i < config_.layers; ++i) {
    const Block block(scope_ / "transformer_blocks" / i, config_);
    const layers::KeysAndValues keys_and_values = block.PrepareText(text);
    const layers::KeysAndValues* const of_segment = &keys_and_values;
    block.Forward(x, {&segment, 1}, modulation, {&of_segment, 1});
    ExpectClose(x, InLayoutOrder(golden_["native.block." + std::to_string(i)][0]), 1e-5, "block " + std::to_string(i));
  }
}

}  // namespace
}  // namespace stampd::models::pixart
