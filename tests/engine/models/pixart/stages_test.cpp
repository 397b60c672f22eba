#include <cmath>

#include <gtest/gtest.h>

#include "engine/layers/text_projection.h"
#include "engine/models/pixart/block.h"
#include "engine/models/pixart/conditioning.h"
#include "engine/models/pixart/position_table.h"
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
    const Condition condition = conditioning.Forward(timesteps[r], 128, 128);
    ExpectClose(condition.embedding, golden_["native.embedded_timestep"][r], 1e-6);
    ExpectClose(condition.modulation, golden_["native.modulation"][r].reshape({6, config_.width()}), 1e-6);
  }
}

TEST_F(StagesTest, PatchesAndPlacesBecomeTokens) {
  const auto embedding = layers::LoadPatchLinear(scope_ / "pos_embed" / "proj", 4, 2, config_.width());
  const torch::Tensor table = PositionTable(layout_, config_.width(), 8, 1);
  for (int r = 0; r < 2; ++r) {
    const torch::Tensor patches = ops::Patchify(golden_["native.latents"][r], layout_, 2);
    ExpectClose(embedding->Forward(patches) + table, InLayoutOrder(golden_["native.tokens"][r]), 1e-6);
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

// Values of the reference for PixArt-Sigma's real shape at 1024 pixels: width 1152, 64x64 tokens, scale 2.
TEST(PositionTableTest, SpeaksOfColumnsThenLines) {
  const TokenLayout raster = TokenLayout::Tiled({64, 64}, 1);
  const torch::Tensor row = PositionTable(raster, 1152, 64, 2)[3 * 64 + 5];
  const std::pair<int, double> expected[] = {{0, 0.59847212},     {1, 0.65959412},   {287, 2.5812429e-4}, {288, -0.80114359},
                                             {289, -0.75162196},  {575, 0.99999994}, {576, 0.99749500},   {577, 0.99304515},
                                             {863, 1.5487458e-4}, {864, 0.07073720}, {865, 0.11773420},   {1151, 1.0}};
  for (const auto& [channel, value] : expected) {
    EXPECT_NEAR(row[channel].item<double>(), value, 2e-7 * std::abs(value) + 1e-8) << "channel " << channel;
  }
}

}  // namespace
}  // namespace stampd::models::pixart
