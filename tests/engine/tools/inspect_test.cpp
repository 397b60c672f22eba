#include "engine/tools/inspect.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "engine/io/open_file.h"
#include "engine/tools/random/presets.h"
#include "engine/tools/random/write_checkpoint.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::tools {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InspectTest : public ::testing::Test {
 protected:
  InspectTest() {
    WriteCheckpoint(PlanPreset("tiny-pixart", TextEncoderSize::kSmall, io::DType::kBF16), folder(), {.dtype = io::DType::kBF16});
  }
  std::filesystem::path folder() const { return folder_.path() / "tiny"; }

  TemporaryFolder folder_;
};

TEST_F(InspectTest, CountsParametersAndBytes) {
  const CheckpointReport report = Inspect(folder(), {});
  EXPECT_EQ(report.pipeline_class, "PixArtSigmaPipeline");
  EXPECT_EQ(report.digest, io::ModelDigest(io::Checkpoint::Open(folder())));
  ASSERT_EQ(report.components.size(), 5U);
  const ComponentReport& transformer = report.components[3];
  EXPECT_EQ(transformer.component.name, "transformer");
  EXPECT_EQ(transformer.parameters, 190'688U);
  EXPECT_EQ(transformer.weight_bytes, 2 * 190'688U);
  EXPECT_THAT(transformer.dtypes, ElementsAre("BF16"));
  ASSERT_EQ(transformer.files.size(), 2U);
  EXPECT_EQ(transformer.files[0].sha256, io::FileSha256(folder() / "transformer/config.json"));
  EXPECT_EQ(report.components[0].component.name, "scheduler");
  EXPECT_EQ(report.components[0].weights, nullptr);
}

TEST_F(InspectTest, NamesTheRecipeThatWeightsWereQuantizedBy) {
  EXPECT_EQ(Inspect(folder(), {}).components[1].recipe, "");
  const auto config = folder() / "text_encoder/config.json";
  std::string text = io::ReadFile(config, 1 << 20, "test");
  text.insert(text.find('{') + 1, R"("quantization_config": {"quant_method": "stamp", "version": 1, "name": "text-w8a8"},)");
  std::ofstream(config) << text;
  const CheckpointReport report = Inspect(folder(), {});
  EXPECT_EQ(report.components[1].component.name, "text_encoder");
  EXPECT_EQ(report.components[1].recipe, "text-w8a8");
  EXPECT_THAT(TableText(report, false), HasSubstr("text-w8a8"));
  EXPECT_THAT(JsonText(report, false), HasSubstr(R"("recipe": "text-w8a8")"));
}

TEST_F(InspectTest, OverridesChangeTheDigest) {
  const auto other = folder_.path() / "other";
  WriteCheckpoint(PlanPreset("tiny-pixart", TextEncoderSize::kSmall, io::DType::kF32), other, {.seed = 1});
  const CheckpointReport mixed = Inspect(folder(), {{"transformer", other}});
  EXPECT_NE(mixed.digest, Inspect(folder(), {}).digest);
  EXPECT_EQ(mixed.components[3].component.folder, other / "transformer");
  EXPECT_THAT(mixed.components[3].dtypes, ElementsAre("F32"));
}

TEST_F(InspectTest, TheTableShowsAllThatIdentifiesACheckpoint) {
  const CheckpointReport report = Inspect(folder(), {});
  const std::string text = TableText(report, false);
  for (const std::string& part :
       {"digest    " + report.digest, std::string("190,688"), std::string("BF16"), std::string("AutoencoderKL"),
        std::string("vae/config.json"), report.components[4].files[0].sha256}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, ::testing::Not(HasSubstr("proj_out.weight")));
  EXPECT_THAT(TableText(report, true), ::testing::ContainsRegex("transformer/proj_out.weight +BF16 +\\[32, 64\\]"));
}

TEST_F(InspectTest, TheJsonHoldsTheSame) {
  const CheckpointReport report = Inspect(folder(), {});
  rapidjson::Document json;
  json.Parse(JsonText(report, true).c_str());
  ASSERT_FALSE(json.HasParseError());
  EXPECT_EQ(json["digest"].GetString(), report.digest);
  ASSERT_EQ(json["components"].Size(), 5U);
  const rapidjson::Value& vae = json["components"][4];
  EXPECT_STREQ(vae["class"].GetString(), "AutoencoderKL");
  EXPECT_EQ(vae["parameters"].GetUint64(), 67'231U);
  EXPECT_STREQ(vae["dtypes"][0].GetString(), "BF16");
  EXPECT_EQ(vae["files"][0]["sha256"].GetString(), report.components[4].files[0].sha256);
  EXPECT_EQ(vae["tensors"].Size(), report.components[4].weights->tensors().size());
  EXPECT_STREQ(vae["tensors"][0]["name"].GetString(), "decoder.conv_in.bias");
  EXPECT_EQ(vae["tensors"][0]["shape"][0].GetInt(), 16);
  rapidjson::Document short_json;
  short_json.Parse(JsonText(report, false).c_str());
  EXPECT_FALSE(short_json["components"][4].HasMember("tensors"));
}

TEST_F(InspectTest, ADamagedWeightFileIsNamed) {
  std::filesystem::resize_file(folder() / "vae/diffusion_pytorch_model.safetensors", 100'000);
  ExpectBroken([&] { Inspect(folder(), {}); }, {"[safetensors] ", "vae/diffusion_pytorch_model.safetensors: "});
}

}  // namespace
}  // namespace stampd::tools
