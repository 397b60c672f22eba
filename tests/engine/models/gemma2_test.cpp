#include <cmath>
#include <fstream>
#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/models/gemma2/config.h"
#include "engine/models/gemma2/model.h"
#include "engine/models/gemma2/positions.h"
#include "tests/expect_broken.h"
#include "tests/golden.h"
#include "tests/temporary_folder.h"
#include "tests/threads.h"
#include "tests/written_archive.h"

namespace stampd::models {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::ExpectClose;
using stampd::testing::Golden;
using stampd::testing::NamedTensors;
using stampd::testing::TemporaryFolder;

constexpr char kCheckpoint[] = "tests/data/gemma2";

std::vector<std::int64_t> Ids(const torch::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

// The checkpoint's config.json with `key`'s value replaced.
std::string ChangedConfig(const std::string& key, const std::string& value) {
  std::ifstream file(std::string(kCheckpoint) + "/config.json");
  std::string json((std::istreambuf_iterator<char>(file)), {});
  const std::size_t begin = json.find(": ", json.find('"' + key + '"')) + 2;
  return json.replace(begin, json.find_first_of(",\n", begin) - begin, value);
}

struct Precision {
  const char* name;
  torch::ScalarType dtype;
  double tolerance;
};

class Gemma2Test : public ::testing::Test {
 protected:
  std::unique_ptr<TextEncoder> LoadChanged(const NamedTensors& tensors, const std::string& config) {
    folder_.Write("config.json", config);
    stampd::testing::WriteTensors(tensors, folder_.path() / "model.safetensors");
    return LoadGemma2Encoder(folder_.path(), torch::kFloat32, torch::kCPU);
  }
  std::unique_ptr<TextEncoder> LoadChanged(const NamedTensors& tensors) {
    return LoadChanged(tensors, ChangedConfig("vocab_size", "53"));
  }

  TemporaryFolder folder_;
  NamedTensors tensors_ = stampd::testing::ReadTensors(kCheckpoint, "model");
  Golden golden_{"gemma2/golden"};
  std::vector<std::int64_t> ids_ = Ids(golden_["long.ids"]);
};

class Gemma2PrecisionTest : public ::testing::TestWithParam<Precision> {};

TEST_P(Gemma2PrecisionTest, UnpaddedTokensComeOutAsFromThePaddedReference) {
  const Golden golden("gemma2/golden");
  const auto encoder = LoadGemma2Encoder(kCheckpoint, GetParam().dtype, torch::kCPU);
  for (const std::string prompt : {"long", "short", "single"}) {
    const torch::Tensor embeddings = encoder->Encode(Ids(golden[prompt + ".ids"]));
    EXPECT_EQ(embeddings.scalar_type(), GetParam().dtype);
    ExpectClose(embeddings, golden[prompt + ".eager." + GetParam().name], GetParam().tolerance, prompt);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Gemma2PrecisionTest,
                         ::testing::Values(Precision{"fp32", torch::kFloat32, 1e-5}, Precision{"bf16", torch::kBFloat16, 3e-2},
                                           Precision{"fp16", torch::kFloat16, 1e-2}),
                         [](const auto& info) { return info.param.name; });

TEST_F(Gemma2Test, ANullCapGivesWhatTheAttentionWithoutItGave) {
  const auto encoder = LoadChanged(tensors_, ChangedConfig("attn_logit_softcapping", "null"));
  for (const std::string prompt : {"long", "short", "single"}) {
    ExpectClose(encoder->Encode(Ids(golden_[prompt + ".ids"])), golden_[prompt + ".sdpa.fp32"], 1e-5, prompt);
  }
}

TEST_F(Gemma2Test, LaterTokensChangeNoEarlierOne) {
  const auto encoder = LoadGemma2Encoder(kCheckpoint, torch::kFloat32, torch::kCPU);
  const torch::Tensor whole = encoder->Encode(ids_);
  const torch::Tensor begin = encoder->Encode(std::span(ids_).first(20));
  ExpectClose(begin, whole.narrow(0, 0, 20), 1e-6);
}

TEST_F(Gemma2Test, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const auto dtype : {torch::kFloat32, torch::kBFloat16, torch::kFloat16}) {
    const auto encoder = LoadGemma2Encoder(kCheckpoint, dtype, torch::kCPU);
    const stampd::testing::Threads one(1);
    const torch::Tensor expected = encoder->Encode(ids_);
    const stampd::testing::Threads three(3);
    EXPECT_TRUE(torch::equal(encoder->Encode(ids_), expected));
  }
}

TEST_F(Gemma2Test, StatesItsSize) {
  const auto encoder = LoadGemma2Encoder(kCheckpoint, torch::kBFloat16, torch::kCPU);
  std::int64_t parameters = 0, in_norms = 0;
  for (const auto& [name, tensor] : tensors_) {
    parameters += tensor.numel();
    if (name.find("norm") != name.npos) in_norms += tensor.numel();
  }
  EXPECT_EQ(encoder->footprint().parameters, parameters);
  EXPECT_GE(encoder->footprint().resident_bytes, 2 * parameters + 2 * in_norms);  // norms in fp32; linears too on some machines
  EXPECT_EQ(encoder->vocabulary(), 53);
  EXPECT_EQ(encoder->dtype(), torch::kBFloat16);
}

TEST_F(Gemma2Test, NamesMayBeginWithModelAsAWholeLanguageModelHasThem) {
  NamedTensors prefixed;
  for (const auto& [name, tensor] : tensors_) prefixed["model." + name] = tensor;
  prefixed["lm_head.weight"] = at::ones({53, 24});
  ExpectClose(LoadChanged(prefixed)->Encode(ids_), golden_["long.eager.fp32"], 1e-5);
}

TEST_F(Gemma2Test, MissingMisshapenAndUnknownTensorsAreRefusedByName) {
  NamedTensors changed = tensors_;
  changed.erase("layers.1.mlp.up_proj.weight");
  ExpectBroken([&] { LoadChanged(changed); }, {"model.safetensors", "layers.1.mlp.up_proj.weight", "[40, 24]"});
  changed = tensors_;
  changed["layers.2.self_attn.k_proj.weight"] = at::zeros({32, 24});
  ExpectBroken([&] { LoadChanged(changed); }, {"layers.2.self_attn.k_proj.weight", "[16, 24]", "[32, 24]"});
  changed = tensors_;
  changed["layers.3.input_layernorm.weight"] = at::ones({24});
  ExpectBroken([&] { LoadChanged(changed); }, {"layers.3.input_layernorm.weight"});
}

TEST_F(Gemma2Test, IdsOutsideTheVocabularyAreRefusedWithValueAndRange) {
  const auto encoder = LoadGemma2Encoder(kCheckpoint, torch::kFloat32, torch::kCPU);
  for (const std::int64_t bad : {-1, 53}) {
    const std::vector<std::int64_t> ids = {5, bad, 1};
    ExpectBroken([&] { encoder->Encode(ids); }, {"[gemma2] token id " + std::to_string(bad) + " at position 1", "0 … 52"});
  }
  ExpectBroken([&] { encoder->Encode({}); }, {"[gemma2]", "found none"});
}

TEST(Gemma2ConfigTest, OlderConfigsSlideEveryOtherLayerAndNameTheRotaryBaseAtTheTop) {
  const gemma2::Gemma2Config config = gemma2::ReadConfig(io::Config::Parse(
      R"({"vocab_size": 256000, "hidden_size": 2304, "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
          "intermediate_size": 9216, "num_hidden_layers": 4, "rope_theta": 500.0, "hidden_act": "gelu_pytorch_tanh"})",
      "c.json"));
  EXPECT_EQ(config.layers_that_slide, (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(config.rotary_base, 500);
  EXPECT_EQ(config.score_scale, 1.0 / 16);
  EXPECT_EQ(config.score_cap, 50);
  EXPECT_EQ(config.sliding_window, 4096);
}

TEST(Gemma2ConfigTest, WhatIsNotComputedHereIsRefusedByFileKeyAndValue) {
  const auto refused = [](const std::string& key, const std::string& value, std::initializer_list<std::string> parts) {
    ExpectBroken([&] { gemma2::ReadConfig(io::Config::Parse(ChangedConfig(key, value), "c.json")); }, parts);
  };
  refused("model_type", "\"gemma3_text\"", {"c.json: model_type", "\"gemma3_text\""});
  refused("hidden_activation", "\"silu\"", {"hidden_activation", "\"silu\""});
  refused("attention_bias", "true", {"attention_bias: expected false, found true"});
  refused("use_bidirectional_attention", "true", {"use_bidirectional_attention: expected false, found true"});
  refused("rope_type", "\"yarn\"", {"rope_parameters.rope_type", "\"yarn\""});
  refused("rope_theta", "-1", {"rope_theta", "found -1"});
  refused("num_hidden_layers", "4", {"layer_types: expected 4 layers, found 3"});
  // The value that was there goes on behind, under another key.
  refused("layer_types", R"(["chunked_attention", "full_attention", "full_attention"], "x": [)",
          {"layer_types", "chunked_attention"});
  refused("num_key_value_heads", "3", {"num_key_value_heads", "divisor of the 4 heads", "found 3"});
  refused("head_dim", "7", {"head_dim", "found 7"});
  refused("hidden_size", "0", {"hidden_size", "found 0"});
  refused("query_pre_attn_scalar", "0", {"query_pre_attn_scalar", "found 0"});
  refused("attn_logit_softcapping", "-5", {"attn_logit_softcapping", "found -5"});
  refused("rms_norm_eps", "-1", {"rms_norm_eps"});
}

TEST(Gemma2PositionsTest, TurnPairsOfChannelsByTheirAngle) {
  const gemma2::RotaryTable table(30, 4, 100, torch::kFloat32);
  const torch::Tensor x = at::zeros({1, 30, 4});
  x.select(2, 0).fill_(1);
  x.select(2, 3).fill_(2);
  const torch::Tensor turned = table.Turn(x)[0];
  for (int p = 0; p < 30; ++p) {
    const double slow = p / 10.0;  // 100 ^ (-2 / 4)
    const std::array expected = {std::cos(p), -2 * std::sin(slow), std::sin(p), 2 * std::cos(slow)};
    for (int c = 0; c < 4; ++c) EXPECT_NEAR(turned[p][c].item<double>(), expected[static_cast<std::size_t>(c)], 1e-5) << p;
  }
}

TEST(Gemma2PositionsTest, HideWhatIsLaterAndWhatIsOutsideTheWindow) {
  const torch::Tensor hidden = gemma2::HiddenKeys(9, 4, torch::kCPU);
  for (int query = 0; query < 9; ++query) {
    for (int key = 0; key < 9; ++key) {
      EXPECT_EQ(hidden[query][key].item<bool>(), key > query || key <= query - 4) << query << " " << key;
    }
  }
}

}  // namespace
}  // namespace stampd::models
