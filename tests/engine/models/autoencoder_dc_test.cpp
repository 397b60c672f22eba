#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/models/autoencoder_dc/config.h"
#include "engine/models/autoencoder_dc/linear_attention.h"
#include "engine/models/autoencoder_dc/model.h"
#include "engine/models/registry.h"
#include "tests/expect_broken.h"
#include "tests/golden.h"
#include "tests/temporary_folder.h"
#include "tests/written_archive.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::ExpectClose;
using stampd::testing::Golden;
using stampd::testing::NamedTensors;
using stampd::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr char kCheckpoint[] = "tests/data/autoencoder_dc";
constexpr char kVariant[] = "tests/data/autoencoder_dc_variant";
constexpr char kDemo[] = "demo/sana-shapes/vae";
constexpr char kStem[] = "diffusion_pytorch_model";
constexpr AutoencoderDCOptions kTiledAbove4x6 = {.untiled_area = 4 * 6, .tile_pixels = 32, .stride_pixels = 28};

std::unique_ptr<Autoencoder> Load(const std::filesystem::path& folder, torch::ScalarType dtype = torch::kFloat32,
                                  const AutoencoderDCOptions& options = {}) {
  return LoadAutoencoderDC(folder, dtype, torch::kCPU, options);
}

struct Precision {
  const char* name;
  torch::ScalarType dtype;
  double tolerance;
};

class AutoencoderDCTest : public ::testing::TestWithParam<Precision> {
 protected:
  Golden golden_{"autoencoder_dc/golden"};
};

// "few" has fewer pixels than a head has channels where the reference multiplies in another order for that.
TEST_P(AutoencoderDCTest, DecodesAsTheReferenceDoes) {
  const auto autoencoder = Load(kCheckpoint, GetParam().dtype);
  for (const std::string name : {"one", "column", "few", "wide"}) {
    const torch::Tensor pixels = autoencoder->Decode(golden_[name + ".latent"]);
    EXPECT_EQ(pixels.scalar_type(), GetParam().dtype);
    EXPECT_TRUE(pixels.is_contiguous());
    ExpectClose(pixels, golden_[name + "." + GetParam().name], GetParam().tolerance, name);
  }
}

TEST_P(AutoencoderDCTest, DecodesInTilesAsTheReferenceDoes) {
  const auto autoencoder = Load(kCheckpoint, GetParam().dtype, kTiledAbove4x6);
  for (const std::string name : {"tiled", "tiled_one_way"}) {
    ExpectClose(autoencoder->Decode(golden_[name + ".latent"]), golden_[name + "." + GetParam().name], GetParam().tolerance, name);
  }
}

INSTANTIATE_TEST_SUITE_P(All, AutoencoderDCTest,
                         ::testing::Values(Precision{"fp32", torch::kFloat32, 1e-5}, Precision{"bf16", torch::kBFloat16, 1.5e-2}),
                         [](const auto& info) { return info.param.name; });

TEST(AutoencoderDCLoadTest, Fp16IsFp32Rounded) {
  const Golden golden("autoencoder_dc/golden");
  ExpectClose(Load(kCheckpoint, torch::kFloat16)->Decode(golden["wide.latent"]), golden["wide.fp32"], 3e-3);
}

TEST(AutoencoderDCLoadTest, OtherRoadsOfTheConfigDecodeAsTheReferenceDoes) {
  const Golden golden("autoencoder_dc_variant/golden");
  const auto autoencoder = Load(kVariant);
  for (const std::string name : {"few", "wide"}) {
    ExpectClose(autoencoder->Decode(golden[name + ".latent"]), golden[name + ".fp32"], 1e-5, name);
  }
}

TEST(AutoencoderDCLoadTest, TheDemoModelDecodesAsTheReferenceDoes) {
  const Golden golden("demo/sana-shapes/vae/golden");
  ExpectClose(Load(kDemo)->Decode(golden["vae.latent"]), golden["vae.fp32"], 1e-5);
  ExpectClose(Load(kDemo, torch::kBFloat16)->Decode(golden["vae.latent"]), golden["vae.fp32"], 1.5e-2);
}

TEST(AutoencoderDCLoadTest, TilingBeginsAboveTheOptionsArea) {
  const Golden golden("autoencoder_dc/golden");
  const torch::Tensor latent = golden["tiled_one_way.latent"];  // 3 x 10
  const torch::Tensor tiled = golden["tiled_one_way.fp32"];
  AutoencoderDCOptions options = kTiledAbove4x6;
  options.untiled_area = 29;
  ExpectClose(Load(kCheckpoint, torch::kFloat32, options)->Decode(latent), tiled, 1e-5);
  options.untiled_area = 30;
  const torch::Tensor whole = Load(kCheckpoint, torch::kFloat32, options)->Decode(latent);
  EXPECT_GT(stampd::testing::RelativeError(whole, tiled), 1e-3);
  ExpectClose(Load(kCheckpoint)->Decode(latent), whole, 1e-5);
}

TEST(AutoencoderDCLoadTest, StatesWhatItIs) {
  const auto autoencoder = Load(kCheckpoint, torch::kBFloat16);
  EXPECT_EQ(autoencoder->latent_channels(), 4);
  EXPECT_EQ(autoencoder->factor(), 4);
  EXPECT_EQ(autoencoder->scaling_factor(), 0.41407);
  EXPECT_EQ(autoencoder->dtype(), torch::kBFloat16);
  EXPECT_EQ(Load(kVariant)->factor(), 8);
  EXPECT_EQ(Load(kDemo)->factor(), 32);
}

TEST(AutoencoderDCLoadTest, CountsTheDecoderAlone) {
  std::int64_t parameters = 0, joined = 0;
  for (const auto& [name, tensor] : stampd::testing::ReadTensors(kCheckpoint, kStem)) {
    if (name.starts_with("encoder.")) continue;
    parameters += tensor.numel();
    if (name.ends_with(".0.conv.weight")) joined += tensor.numel();  // an upsampler's: four kernels of 2x2 for one of 3x3
  }
  const Footprint footprint = Load(kCheckpoint, torch::kBFloat16)->footprint();
  EXPECT_EQ(footprint.parameters, parameters);
  EXPECT_EQ(footprint.resident_bytes, 2 * (parameters - joined + joined / 9 * 16));
}

TEST(AutoencoderDCLoadTest, IsInTheRegistry) {
  const auto load = [](torch::ScalarType dtype) {
    return LoadAutoencoder({"vae", "diffusers", "AutoencoderDC", kCheckpoint}, dtype, torch::kCPU);
  };
  EXPECT_EQ(load(torch::kFloat16)->dtype(), torch::kFloat32);  // LibTorch has no fp16 convolutions worth the name on CPUs
  EXPECT_EQ(load(torch::kBFloat16)->dtype(), torch::kBFloat16);
}

TEST(AutoencoderDCLoadTest, TensorsMissingAndTooManyAreNamed) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(std::filesystem::path(kCheckpoint) / "config.json", folder.path() / "config.json");
  const NamedTensors whole = stampd::testing::ReadTensors(kCheckpoint, kStem);
  const auto load = [&](const NamedTensors& tensors) {
    stampd::testing::WriteTensors(tensors, folder.path() / (std::string(kStem) + ".safetensors"));
    Load(folder.path());
  };
  NamedTensors tensors = whole;
  tensors.erase("decoder.up_blocks.2.1.attn.to_qkv_multiscale.0.proj_out.weight");
  ExpectBroken([&] { load(tensors); }, {"up_blocks.2.1.attn.to_qkv_multiscale.0.proj_out.weight", "[96, 8, 1, 1]", "found none"});
  tensors = whole;
  tensors["decoder.up_blocks.1.1.norm.bias"] = at::zeros({17}, torch::kFloat16);
  ExpectBroken([&] { load(tensors); }, {"up_blocks.1.1.norm.bias", "expected shape [16], found [17]"});
  tensors = whole;
  tensors["decoder.up_blocks.0.2.norm.weight"] = at::ones({8}, torch::kFloat16);
  ExpectBroken([&] { load(tensors); }, {"up_blocks.0.2.norm.weight"});
}

TEST(AutoencoderDCLoadTest, ALatentOfAnotherShapeIsRefused) {
  const auto autoencoder = Load(kCheckpoint);
  ExpectBroken([&] { autoencoder->Decode(at::zeros({3, 5, 7})); }, {"[autoencoder_dc]", "[4, height, width]", "[3, 5, 7]"});
  EXPECT_THROW(autoencoder->Decode(at::zeros({4, 0, 7})), Broken);
}

// Against the definition, in double: one pixel, and more than are done at once.
TEST(AutoencoderDCAttentionTest, WeighsAllPixels) {
  constexpr std::int64_t kHeads = 3, kHeadDim = 4;
  at::manual_seed(6);
  for (const std::int64_t pixels : {1, 5, 1100}) {
    const torch::Tensor qkv = at::rand({pixels, kHeads * 3 * kHeadDim}) - 0.2;
    const torch::Tensor wide = at::full({pixels, kHeads * kHeadDim + 2}, 7.f);
    autoencoder_dc::AttendLinearly(qkv, kHeadDim, wide.narrow(1, 1, kHeads * kHeadDim));
    for (std::int64_t head = 0; head < kHeads; ++head) {
      const auto part = [&](std::int64_t index) {
        return qkv.narrow(1, (3 * head + index) * kHeadDim, kHeadDim).to(torch::kFloat64);
      };
      const torch::Tensor weights = at::matmul(part(0).relu(), part(1).relu().t());  // [queries, keys]
      const torch::Tensor expected = at::matmul(weights, part(2)) / (weights.sum(1, /*keepdim=*/true) + 1e-15);
      ExpectClose(wide.narrow(1, 1 + head * kHeadDim, kHeadDim), expected, 1e-5);
    }
    EXPECT_TRUE((wide.select(1, 0) == 7).all().item<bool>() && (wide.select(1, -1) == 7).all().item<bool>());
  }
}

TEST(AutoencoderDCConfigTest, MissingKeysHaveDiffusersDefaults) {
  const auto config = autoencoder_dc::ReadConfig(io::Config::Parse("{}", "c.json"));
  EXPECT_EQ(config.latent_channels, 32);
  EXPECT_EQ(config.head_dim, 32);
  EXPECT_EQ(config.factor(), 32);
  EXPECT_EQ(config.scaling_factor, 1);
  EXPECT_FALSE(config.interpolate);
  EXPECT_TRUE(config.in_shortcut);
  EXPECT_EQ(config.out_activation, autoencoder_dc::Activation::kRelu);
  std::vector<std::int64_t> channels, layers;
  for (const autoencoder_dc::StageConfig& stage : config.stages) {
    channels.push_back(stage.channels);
    layers.push_back(stage.layers);
    EXPECT_EQ(stage.type, autoencoder_dc::BlockType::kResBlock);
    EXPECT_EQ(stage.activation, autoencoder_dc::Activation::kSilu);
  }
  EXPECT_THAT(channels, ElementsAre(128, 256, 512, 512, 1024, 1024));
  EXPECT_THAT(layers, ElementsAre(3, 3, 3, 3, 3, 3));
  EXPECT_THAT(config.stages[2].scales, ElementsAre());
  EXPECT_THAT(config.stages[3].scales, ElementsAre(5));
}

// Two stages, and what a case changes in them.
std::string WithStages(const std::string& json) {
  return R"({"decoder_block_out_channels": [8, 16], "decoder_layers_per_block": [1, 1], "attention_head_dim": 8,
             "latent_channels": 4)" +
         json + "}";
}

TEST(AutoencoderDCConfigTest, ListsMayBeOneValueForAllStages) {
  const auto config = autoencoder_dc::ReadConfig(io::Config::Parse(
      WithStages(R"(, "decoder_block_types": "EfficientViTBlock", "decoder_act_fns": "relu", "decoder_norm_types": "rms_norm",
                      "decoder_qkv_multiscales": [[], [5, 3]])"),
      "c.json"));
  for (const autoencoder_dc::StageConfig& stage : config.stages) {
    EXPECT_EQ(stage.type, autoencoder_dc::BlockType::kEfficientViT);
    EXPECT_EQ(stage.activation, autoencoder_dc::Activation::kRelu);
  }
  EXPECT_THAT(config.stages[1].scales, ElementsAre(5, 3));
}

TEST(AutoencoderDCConfigTest, WhatIsNotComputedHereIsRefusedByFileKeyAndValue) {
  const std::string vit = R"(, "decoder_block_types": "EfficientViTBlock")";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"(, "decoder_norm_types": "batch_norm")", "c.json: decoder_norm_types: expected \"rms_norm\", found \"batch_norm\""},
      {R"(, "decoder_norm_types": ["rms_norm", "layer_norm"])", "decoder_norm_types: expected \"rms_norm\", found \"layer_norm\""},
      {R"(, "decoder_act_fns": "gelu")", "decoder_act_fns: expected \"silu\" or \"relu\", found \"gelu\""},
      {R"(, "decoder_act_fns": ["silu"])", "decoder_act_fns: expected 2 entries, as in decoder_block_out_channels, found 1"},
      {R"(, "decoder_conv_act_fn": "mish")", "decoder_conv_act_fn: expected \"silu\" or \"relu\", found \"mish\""},
      {R"(, "decoder_block_types": ["ResBlock", "Conv"])", "decoder_block_types: expected \"ResBlock\" or \"EfficientViTBlock\""},
      {R"(, "decoder_block_types": 7)", "decoder_block_types: expected a string"},
      {R"(, "decoder_layers_per_block": [1])", "decoder_layers_per_block: expected 2 entries"},
      {R"(, "decoder_layers_per_block": [1, 0])", "decoder_layers_per_block: expected 1 … 65536, found 0"},
      {R"(, "decoder_layers_per_block": [-1, 1])", "decoder_layers_per_block: expected 0 … 65536, found -1"},
      {R"(, "decoder_block_out_channels": [])", "decoder_block_out_channels: expected 1 … 8 entries, found 0"},
      {R"(, "decoder_block_out_channels": [12, 16])",
       "decoder_block_out_channels: expected 1, 1/2 or 1/4 of the next, 16, found 12"},
      {R"(, "decoder_block_out_channels": [32, 16])", "1/4 of the next, 16, found 32"},
      {R"(, "decoder_qkv_multiscales": [[]])", "decoder_qkv_multiscales: expected 2 entries or more, found 1"},
      {R"(, "decoder_qkv_multiscales": [[], 5])", "decoder_qkv_multiscales[1]: expected a list of whole numbers"},
      {R"(, "decoder_qkv_multiscales": [[], [4]])" + vit, "decoder_qkv_multiscales: expected odd numbers, found 4"},
      {R"(, "decoder_qkv_multiscales": [[], [-5]])" + vit, "decoder_qkv_multiscales: expected 1 … 31, found -5"},
      {R"(, "attention_head_dim": 6)" + vit, "decoder_block_out_channels: expected multiples of attention_head_dim 6, found 8"},
      {R"(, "attention_head_dim": 0)", "attention_head_dim: expected 1 … 65536, found 0"},
      {R"(, "latent_channels": 3)", "decoder_block_out_channels: expected a multiple of latent_channels 3 at the end, found 16"},
      {R"(, "in_channels": 1)", "in_channels: expected 3, found 1"},
      {R"(, "scaling_factor": 0)", "scaling_factor: expected a number above 0, found 0"},
      {R"(, "scaling_factor": NaN)", "scaling_factor: expected a number above 0, found nan"},
  };
  autoencoder_dc::ReadConfig(io::Config::Parse(WithStages(""), "c.json"));
  for (const auto& [json, message] : cases) {
    EXPECT_THAT([&] { autoencoder_dc::ReadConfig(io::Config::Parse(WithStages(json), "c.json")); },
                ThrowsMessage<Broken>(HasSubstr(message)))
        << json;
  }
}

}  // namespace
}  // namespace stampd::models
