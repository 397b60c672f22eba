#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/models/autoencoder_kl/config.h"
#include "engine/models/autoencoder_kl/model.h"
#include "tests/golden.h"
#include "tests/temporary_folder.h"
#include "tests/written_archive.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectClose;
using stampd::testing::Golden;
using stampd::testing::NamedTensors;
using stampd::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr char kCheckpoint[] = "tests/data/autoencoder_kl";
constexpr char kVariant[] = "tests/data/autoencoder_kl_variant";
constexpr char kStem[] = "diffusion_pytorch_model";
constexpr char kAttention[] = "decoder.mid_block.attentions.0.";
constexpr AutoencoderKLOptions kTiledAbove8x8 = {.untiled_area = 8 * 8};

std::unique_ptr<Autoencoder> Load(const std::filesystem::path& folder, torch::ScalarType dtype = torch::kFloat32,
                                  const AutoencoderKLOptions& options = {}) {
  return LoadAutoencoderKL(folder, dtype, torch::kCPU, options);
}

// The checkpoint with some of its tensors changed.
class ChangedCheckpoint {
 public:
  explicit ChangedCheckpoint(const std::filesystem::path& original) : tensors(stampd::testing::ReadTensors(original, kStem)) {
    std::filesystem::copy_file(original / "config.json", folder_.path() / "config.json");
  }
  const std::filesystem::path& Write() const {
    stampd::testing::WriteTensors(tensors, folder_.path() / (std::string(kStem) + ".safetensors"));
    return folder_.path();
  }

  NamedTensors tensors;

 private:
  TemporaryFolder folder_;
};

NamedTensors WithLegacyAttention(NamedTensors tensors, bool as_convolution) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"to_q", "query"}, {"to_k", "key"}, {"to_v", "value"}, {"to_out.0", "proj_attn"}};
  for (const auto& [name, legacy] : names) {
    const torch::Tensor weight = tensors.at(kAttention + name + ".weight");
    tensors[kAttention + legacy + ".weight"] = as_convolution ? weight.unsqueeze(-1).unsqueeze(-1) : weight;
    tensors[kAttention + legacy + ".bias"] = tensors.at(kAttention + name + ".bias");
    tensors.erase(kAttention + name + ".weight");
    tensors.erase(kAttention + name + ".bias");
  }
  return tensors;
}

struct Precision {
  const char* name;
  torch::ScalarType dtype;
  double tolerance;
};

class AutoencoderKLTest : public ::testing::TestWithParam<Precision> {
 protected:
  Golden golden_{"autoencoder_kl/golden"};
};

TEST_P(AutoencoderKLTest, DecodesAsTheReferenceDoes) {
  const auto autoencoder = Load(kCheckpoint, GetParam().dtype);
  for (const std::string name : {"square", "wide"}) {
    const torch::Tensor pixels = autoencoder->Decode(golden_[name + ".latent"]);
    EXPECT_EQ(pixels.scalar_type(), GetParam().dtype);
    ExpectClose(pixels, golden_[name + "." + GetParam().name], GetParam().tolerance, name);
  }
}

TEST_P(AutoencoderKLTest, DecodesInTilesAsTheReferenceDoes) {
  const auto autoencoder = Load(kCheckpoint, GetParam().dtype, kTiledAbove8x8);
  for (const std::string name : {"tiled", "tiled_one_way"}) {
    ExpectClose(autoencoder->Decode(golden_[name + ".latent"]), golden_[name + "." + GetParam().name], GetParam().tolerance, name);
  }
}

INSTANTIATE_TEST_SUITE_P(All, AutoencoderKLTest,
                         ::testing::Values(Precision{"fp32", torch::kFloat32, 1e-5}, Precision{"bf16", torch::kBFloat16, 3e-2}),
                         [](const auto& info) { return info.param.name; });

TEST(AutoencoderKLLoadTest, Fp16IsFp32Rounded) {
  const Golden golden("autoencoder_kl/golden");
  ExpectClose(Load(kCheckpoint, torch::kFloat16)->Decode(golden["wide.latent"]), golden["wide.fp32"], 5e-3);
}

TEST(AutoencoderKLLoadTest, OtherRoadsOfTheConfigDecodeAsTheReferenceDoes) {
  const Golden golden("autoencoder_kl_variant/golden");
  ExpectClose(Load(kVariant)->Decode(golden["wide.latent"]), golden["wide.fp32"], 1e-5);
}

TEST(AutoencoderKLLoadTest, TilingBeginsAboveTheOptionsArea) {
  const Golden golden("autoencoder_kl/golden");
  const torch::Tensor latent = golden["tiled_one_way.latent"];
  const torch::Tensor tiled = golden["tiled_one_way.fp32"];
  ExpectClose(Load(kCheckpoint, torch::kFloat32, {.untiled_area = 6 * 13 - 1})->Decode(latent), tiled, 1e-5);
  const torch::Tensor whole = Load(kCheckpoint, torch::kFloat32, {.untiled_area = 6 * 13})->Decode(latent);
  EXPECT_GT(stampd::testing::RelativeError(whole, tiled), 1e-3);
  ExpectClose(Load(kCheckpoint)->Decode(latent), whole, 1e-5);
}

TEST(AutoencoderKLLoadTest, StatesWhatItIs) {
  const auto autoencoder = Load(kCheckpoint, torch::kBFloat16);
  EXPECT_EQ(autoencoder->latent_channels(), 4);
  EXPECT_EQ(autoencoder->factor(), 4);
  EXPECT_EQ(autoencoder->scaling_factor(), 0.13025);
  EXPECT_EQ(autoencoder->dtype(), torch::kBFloat16);
  std::int64_t parameters = 0;
  for (const auto& [name, tensor] : stampd::testing::ReadTensors(kCheckpoint, kStem)) {
    if (!name.starts_with("encoder.") && !name.starts_with("quant_conv.")) parameters += tensor.numel();
  }
  EXPECT_EQ(autoencoder->footprint().parameters, parameters);
  EXPECT_EQ(autoencoder->footprint().resident_bytes, 2 * parameters);
}

TEST(AutoencoderKLLoadTest, ANetworkThatLeavesFp16RangeRunsInFp32) {
  EXPECT_EQ(Load(kVariant, torch::kFloat16)->dtype(), torch::kFloat32);
  EXPECT_EQ(Load(kVariant, torch::kBFloat16)->dtype(), torch::kBFloat16);
  EXPECT_EQ(Load(kCheckpoint, torch::kFloat16)->dtype(), torch::kFloat16);
}

TEST(AutoencoderKLLoadTest, LegacyAttentionNamesAndShapesAreUnderstood) {
  const Golden golden("autoencoder_kl/golden");
  for (const bool as_convolution : {false, true}) {
    ChangedCheckpoint checkpoint(kCheckpoint);
    checkpoint.tensors = WithLegacyAttention(checkpoint.tensors, as_convolution);
    ExpectClose(Load(checkpoint.Write())->Decode(golden["wide.latent"]), golden["wide.fp32"], 1e-5);
  }
}

TEST(AutoencoderKLLoadTest, AMissingAttentionIsNamedAsItIsCalledToday) {
  ChangedCheckpoint checkpoint(kCheckpoint);
  checkpoint.tensors.erase(std::string(kAttention) + "to_k.weight");
  EXPECT_THAT([&] { Load(checkpoint.Write()); }, ThrowsMessage<Broken>(HasSubstr("attentions.0.to_k.weight")));
}

TEST(AutoencoderKLLoadTest, ATensorThatNoDecoderHasIsRefused) {
  ChangedCheckpoint checkpoint(kCheckpoint);
  checkpoint.tensors["decoder.up_blocks.3.resnets.0.norm1.weight"] = at::ones({8}, torch::kFloat16);
  EXPECT_THAT([&] { Load(checkpoint.Write()); }, ThrowsMessage<Broken>(HasSubstr("up_blocks.3.resnets.0.norm1.weight")));
}

TEST(AutoencoderKLLoadTest, ALatentOfAnotherShapeIsRefused) {
  const auto autoencoder = Load(kCheckpoint);
  EXPECT_THAT(
      [&] {
        autoencoder->Decode(at::zeros({3, 5, 7}));
      },
      ThrowsMessage<Broken>(AllOf(HasSubstr("[4, height, width]"), HasSubstr("[3, 5, 7]"))));
  EXPECT_THROW(autoencoder->Decode(at::zeros({1, 4, 5, 7})), Broken);
  EXPECT_THROW(autoencoder->Decode(at::zeros({4, 0, 7})), Broken);
}

TEST(AutoencoderKLConfigTest, MissingKeysHaveDiffusersDefaults) {
  const auto config = autoencoder_kl::ReadConfig(io::Config::Parse(R"({"shift_factor": null})", "c.json"));
  EXPECT_EQ(config.latent_channels, 4);
  EXPECT_EQ(config.block_channels, std::vector<std::int64_t>{64});
  EXPECT_EQ(config.layers_per_block, 1);
  EXPECT_EQ(config.norm_groups, 32);
  EXPECT_EQ(config.sample_size, 32);
  EXPECT_EQ(config.scaling_factor, 0.18215);
  EXPECT_EQ(config.shift_factor, 0);
  EXPECT_TRUE(config.use_post_quant_conv && config.mid_block_attention && config.force_upcast);
  EXPECT_EQ(config.factor(), 1);
}

TEST(AutoencoderKLConfigTest, WhatIsNotComputedHereIsRefusedByFileKeyAndValue) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"up_block_types": ["AttnUpDecoderBlock2D"]})", "c.json: up_block_types: expected \"UpDecoderBlock2D\""},
      {R"({"up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"]})", "expected 1 entries, as in block_out_channels, found 2"},
      {R"({"act_fn": "relu"})", "act_fn: expected \"silu\", found \"relu\""},
      {R"({"out_channels": 4})", "out_channels: expected 3, found 4"},
      {R"({"block_out_channels": []})", "block_out_channels"},
      {R"({"block_out_channels": [48]})", "multiples of norm_num_groups 32, found 48"},
      {R"({"layers_per_block": 0})", "layers_per_block"},
      {R"({"latent_channels": -4})", "found -4"},
      {R"({"sample_size": 0})", "sample_size"},
      {R"({"scaling_factor": 0})", "scaling_factor"},
      {R"({"scaling_factor": NaN})", "scaling_factor"},
      {R"({"shift_factor": Infinity})", "shift_factor"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_THAT([&] { autoencoder_kl::ReadConfig(io::Config::Parse(json, "c.json")); }, ThrowsMessage<Broken>(HasSubstr(message)))
        << json;
  }
}

TEST(AutoencoderKLConfigTest, TilesAreWholeInQuarters) {
  const auto tiling = [](std::int64_t sample_size) {
    return autoencoder_kl::AutoencoderKLConfig{.block_channels = {1, 1, 1, 1}, .sample_size = sample_size}.tiling();
  };
  EXPECT_EQ(tiling(512).tile, 64);
  EXPECT_EQ(tiling(512).stride, 48);
  EXPECT_EQ(tiling(512).factor, 8);
  EXPECT_EQ(tiling(80).tile, 8);
  EXPECT_EQ(tiling(8).tile, 4);
}

}  // namespace
}  // namespace stampd::models
