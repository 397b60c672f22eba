#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/models/autoencoder_dc/model.h"
#include "engine/tools/random/networks.h"
#include "engine/tools/random/write_checkpoint.h"
#include "tests/temporary_folder.h"

namespace stampd::tools {
namespace {

const AutoencoderDcShape kReleased = {.attention_head_dim = 32,
                                      .block_out_channels = {128, 256, 512, 512, 1024, 1024},
                                      .encoder_layers_per_block = {2, 2, 2, 3, 3, 3},
                                      .decoder_layers_per_block = {3, 3, 3, 3, 3, 3},
                                      .qkv_multiscales = {{}, {}, {}, {5}, {5}, {5}}};
const AutoencoderDcShape kTiny = {.attention_head_dim = 8,
                                  .block_out_channels = {8, 16, 32, 32},
                                  .encoder_layers_per_block = {1, 1, 1, 1},
                                  .decoder_layers_per_block = {2, 1, 1, 2},
                                  .qkv_multiscales = {{}, {}, {5, 3}, {5}}};

TEST(RandomAutoencoderDcTest, HasTheParametersOfTheReleasedOne) {
  EXPECT_EQ(ParameterCount(PlanAutoencoderDc(kReleased)), 312'250'275);
}

// Every tensor of the decoder is there and none is too many; what it paints is neither flat nor out of all bounds.
TEST(RandomAutoencoderDcTest, IsLoadedAndDecodes) {
  const stampd::testing::TemporaryFolder folder;
  WriteCheckpoint({.pipeline_class = "SanaPipeline", .components = {PlanAutoencoderDc(kTiny)}}, folder.path(), {});
  const auto autoencoder = models::LoadAutoencoderDC(folder.path() / "vae", torch::kFloat32, torch::kCPU);
  EXPECT_EQ(autoencoder->latent_channels(), 32);
  EXPECT_EQ(autoencoder->factor(), 8);
  const torch::Tensor pixels = autoencoder->Decode(at::randn({32, 5, 6}));
  const double spread = pixels.std().item<double>();
  EXPECT_GT(spread, 0.1);
  EXPECT_LT(spread, 10);
}

}  // namespace
}  // namespace stampd::tools
