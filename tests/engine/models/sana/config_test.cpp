#include "engine/models/sana/config.h"

#include <gmock/gmock.h>

#include "engine/base/error.h"

namespace stampd::models::sana {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

SanaConfig Read(const std::string& json) { return ReadConfig(io::Config::Parse(json, "config.json")); }

TEST(SanaConfigTest, MissingKeysTakeTheDefaults) {
  const SanaConfig config = Read("{}");
  EXPECT_EQ(config.width(), 2240);
  EXPECT_EQ(config.cross_heads, 20);
  EXPECT_EQ(config.cross_width(), 2240);
  EXPECT_EQ(config.hidden_width(), 5600);
  EXPECT_EQ(config.in_channels, 32);
  EXPECT_EQ(config.out_channels, 32);
  EXPECT_EQ(config.layers, 20);
  EXPECT_EQ(config.caption_channels, 2304);
  EXPECT_EQ(config.sample_size, 32);
  EXPECT_EQ(config.patch_size, 1);
  EXPECT_EQ(config.norm_eps, 1e-6);
  EXPECT_FALSE(config.attention_bias);
  EXPECT_FALSE(config.qk_norm);
  EXPECT_FALSE(config.interpolation_scale);
  EXPECT_FALSE(config.guidance_embeds);
  EXPECT_EQ(config.guidance_embeds_scale, 0.1);
  EXPECT_EQ(config.timestep_scale, 1);
}

// What diffusers' configs of the released networks differ in.
TEST(SanaConfigTest, EveryReleasedShapeIsRead) {
  const SanaConfig small = Read(R"({"num_attention_heads": 36, "num_cross_attention_heads": 16, "cross_attention_head_dim": 72,
                                    "cross_attention_dim": 1152, "num_layers": 28, "dropout": 0.0})");
  EXPECT_EQ(small.width(), 1152);
  EXPECT_EQ(small.cross_width(), 1152);
  EXPECT_EQ(small.hidden_width(), 2880);
  EXPECT_EQ(Read(R"({"interpolation_scale": 1.0, "sample_size": 64})").interpolation_scale, 1);
  EXPECT_EQ(Read(R"({"interpolation_scale": 2, "sample_size": 128})").interpolation_scale, 2);
  EXPECT_TRUE(Read(R"({"qk_norm": "rms_norm_across_heads", "num_layers": 60})").qk_norm);
  EXPECT_TRUE(Read(R"({"qk_norm": "rms_norm_across_heads", "guidance_embeds": true})").guidance_embeds);
}

TEST(SanaConfigTest, HiddenWidthsAreRoundedDown) {
  EXPECT_EQ(
      Read(R"({"num_attention_heads": 3, "attention_head_dim": 8, "cross_attention_dim": 24, "mlp_ratio": 2.3})").hidden_width(),
      55);
}

TEST(SanaConfigTest, NoOutChannelsMeansAsManyAsComeIn) {
  EXPECT_EQ(Read(R"({"in_channels": 4, "out_channels": null})").out_channels, 4);
  EXPECT_EQ(Read(R"({"in_channels": 16})").out_channels, 32);
}

struct Refusal {
  const char* json;
  const char* key;
  const char* found;
  const char* expected;
};

class SanaConfigRefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(SanaConfigRefusalTest, NamesFileKeyValueAndWhatIsSupported) {
  const auto& [json, key, found, expected] = GetParam();
  EXPECT_THAT([json = json] { Read(json); },
              ThrowsMessage<Broken>(AllOf(HasSubstr("[sana] config.json: "), HasSubstr(key),
                                          HasSubstr(std::string("found ") + found), HasSubstr(expected))));
}

INSTANTIATE_TEST_SUITE_P(
    Table, SanaConfigRefusalTest,
    ::testing::Values(
        Refusal{R"({"_class_name": "PixArtTransformer2DModel"})", "_class_name", "\"PixArt", "\"SanaTransformer2DModel\""},
        Refusal{R"({"qk_norm": "layer_norm"})", "qk_norm", "\"layer_norm\"", "null or \"rms_norm_across_heads\""},
        Refusal{R"({"norm_elementwise_affine": true})", "norm_elementwise_affine", "true", "false"},
        Refusal{R"({"cross_attention_dim": null})", "cross_attention_dim", "null", "2240"},
        Refusal{R"({"cross_attention_dim": 1152})", "cross_attention_dim", "1152", "2240"},
        Refusal{R"({"num_attention_heads": 36})", "cross_attention_dim", "2240", "1152"},
        Refusal{R"({"out_channels": 33})", "out_channels", "33", "in_channels (32) or twice"},
        Refusal{R"({"num_layers": 0})", "num_layers", "0", "1 …"}, Refusal{R"({"patch_size": -1})", "patch_size", "-1", "1 …"},
        Refusal{R"({"attention_head_dim": 1024})", "attention_head_dim", "1024", "1 … 512"},
        Refusal{R"({"num_attention_heads": 4096})", "num_attention_heads", "131072", "65536"},
        Refusal{R"({"num_cross_attention_heads": 4096})", "num_cross_attention_heads", "458752", "65536"},
        Refusal{R"({"mlp_ratio": 0})", "mlp_ratio", "0", "above 0"}, Refusal{R"({"mlp_ratio": 1e-9})", "mlp_ratio", "0", "1 …"},
        Refusal{R"({"mlp_ratio": 1e9})", "mlp_ratio", "2240000000000", "65536"},
        Refusal{R"({"norm_eps": NaN})", "norm_eps", "nan", "above 0"},
        Refusal{R"({"interpolation_scale": 0})", "interpolation_scale", "0", "above 0"},
        Refusal{R"({"num_attention_heads": 1, "attention_head_dim": 6, "cross_attention_dim": 6, "interpolation_scale": 1})",
                "attention_head_dim", "6", "multiple of 4"},
        Refusal{R"({"guidance_embeds_scale": -1})", "guidance_embeds_scale", "-1", "above 0"},
        Refusal{R"({"timestep_scale": 0})", "timestep_scale", "0", "above 0"},
        Refusal{R"({"patch_size": 2, "sample_size": 1})", "sample_size", "1", "patch_size (2)"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

}  // namespace
}  // namespace stampd::models::sana
