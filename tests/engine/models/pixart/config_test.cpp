#include "engine/models/pixart/config.h"

#include <gmock/gmock.h>

#include "engine/base/error.h"

namespace stampd::models::pixart {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

PixArtConfig Read(const std::string& json, bool has_size_embedders = false) {
  return ReadConfig(io::Config::Parse(json, "config.json"), has_size_embedders);
}

TEST(PixArtConfigTest, MissingKeysTakeTheDefaults) {
  const PixArtConfig config = Read("{}");
  EXPECT_EQ(config.width(), 1152);
  EXPECT_EQ(config.in_channels, 4);
  EXPECT_EQ(config.out_channels, 8);
  EXPECT_EQ(config.layers, 28);
  EXPECT_EQ(config.sample_size, 128);
  EXPECT_EQ(config.patch_size, 2);
  EXPECT_EQ(config.norm_eps, 1e-6);
  EXPECT_TRUE(config.attention_bias);
  EXPECT_EQ(config.interpolation_scale, 2);
  EXPECT_EQ(config.text_width(), 1152);
}

TEST(PixArtConfigTest, ScaleFollowsTheSampleSizeUnlessStated) {
  EXPECT_EQ(Read(R"({"sample_size": 32})").interpolation_scale, 1);
  EXPECT_EQ(Read(R"({"sample_size": 64, "interpolation_scale": null})").interpolation_scale, 1);
  EXPECT_EQ(Read(R"({"sample_size": 256})").interpolation_scale, 4);
  EXPECT_EQ(Read(R"({"sample_size": 32, "interpolation_scale": 0.5})").interpolation_scale, 0.5);
}

TEST(PixArtConfigTest, OpenConditionsNeedBothTheSizeAndTheWeights) {
  EXPECT_TRUE(Read(R"({"sample_size": 128})", true).size_conditions);
  EXPECT_FALSE(Read(R"({"sample_size": 128})", false).size_conditions);
  EXPECT_FALSE(Read(R"({"sample_size": 64, "use_additional_conditions": null})", true).size_conditions);
  EXPECT_TRUE(Read(R"({"sample_size": 64, "use_additional_conditions": true})", false).size_conditions);
  EXPECT_FALSE(Read(R"({"sample_size": 128, "use_additional_conditions": false})", true).size_conditions);
}

TEST(PixArtConfigTest, NoOutChannelsMeansAsManyAsComeIn) {
  EXPECT_EQ(Read(R"({"out_channels": null})").out_channels, 4);
  EXPECT_EQ(Read(R"({"out_channels": 4})").out_channels, 4);
}

TEST(PixArtConfigTest, CaptionsAreProjectedOnlyIfTheyHaveAWidth) {
  EXPECT_EQ(Read(R"({"caption_channels": 4096})").text_width(), 4096);
  EXPECT_EQ(Read(R"({"caption_channels": null, "cross_attention_dim": 77})").text_width(), 77);
}

TEST(PixArtConfigTest, UnknownKeysAreIgnored) { EXPECT_EQ(Read(R"({"double_self_attention": false, "dropout": 0.0})").layers, 28); }

struct Refusal {
  const char* json;
  const char* key;
  const char* found;
  const char* expected;
};

class PixArtConfigRefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(PixArtConfigRefusalTest, NamesFileKeyValueAndWhatIsSupported) {
  const auto& [json, key, found, expected] = GetParam();
  EXPECT_THAT([json = json] { Read(json); },
              ThrowsMessage<Broken>(AllOf(HasSubstr("[pixart] config.json: "), HasSubstr(key),
                                          HasSubstr(std::string("found ") + found), HasSubstr(expected))));
}

INSTANTIATE_TEST_SUITE_P(
    Table, PixArtConfigRefusalTest,
    ::testing::Values(
        Refusal{R"({"_class_name": "SanaTransformer2DModel"})", "_class_name", "\"SanaTransformer2DModel\"", "PixArt"},
        Refusal{R"({"_class_name": "Transformer2DModel"})", "_class_name", "\"Transformer2DModel\"", "norm_type"},
        Refusal{R"({"_class_name": "Transformer2DModel", "norm_type": "ada_norm"})", "_class_name", "\"Trans", "norm"},
        Refusal{R"({"norm_type": "ada_norm_zero"})", "norm_type", "\"ada_norm_zero\"", "\"ada_norm_single\""},
        Refusal{R"({"activation_fn": "geglu"})", "activation_fn", "\"geglu\"", "\"gelu-approximate\""},
        Refusal{R"({"attention_type": "gated"})", "attention_type", "\"gated\"", "\"default\""},
        Refusal{R"({"norm_elementwise_affine": true})", "norm_elementwise_affine", "true", "false"},
        Refusal{R"({"cross_attention_dim": null})", "cross_attention_dim", "null", "width"},
        Refusal{R"({"out_channels": 5})", "out_channels", "5", "in_channels (4) or twice"},
        Refusal{R"({"num_layers": 0})", "num_layers", "0", "1 …"},
        Refusal{R"({"num_layers": 1000000000000})", "num_layers", "1000000000000", "65536"},
        Refusal{R"({"patch_size": -2})", "patch_size", "-2", "1 …"},
        Refusal{R"({"caption_channels": 0})", "caption_channels", "0", "1 …"},
        Refusal{R"({"norm_eps": 0})", "norm_eps", "0", "above 0"},
        Refusal{R"({"interpolation_scale": -1})", "interpolation_scale", "-1", "above 0"},
        Refusal{R"({"interpolation_scale": Infinity})", "interpolation_scale", "inf", "above 0"},
        Refusal{R"({"attention_head_dim": 71, "num_attention_heads": 1})", "attention_head_dim", "71", "multiple of 4"},
        Refusal{R"({"attention_head_dim": 64, "use_additional_conditions": true})", "attention_head_dim", "1024", "multiple of 3"},
        Refusal{R"({"caption_channels": 64, "cross_attention_dim": 768})", "cross_attention_dim", "768", "1152"},
        Refusal{R"({"sample_size": 1})", "sample_size", "1", "patch_size (2)"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

}  // namespace
}  // namespace stampd::models::pixart
