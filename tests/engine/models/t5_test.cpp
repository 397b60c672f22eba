#include <vector>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/models/t5/config.h"
#include "engine/models/t5/model.h"
#include "engine/models/t5/relative_position.h"
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

constexpr char kCheckpoint[] = "tests/data/t5";
constexpr char kShared[] = "shared.weight";
constexpr char kOwn[] = "encoder.embed_tokens.weight";

std::vector<std::int64_t> Ids(const torch::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

struct Precision {
  const char* name;
  torch::ScalarType dtype;
  double tolerance;
};

class T5Test : public ::testing::Test {
 protected:
  // The checkpoint's copy with other tensors in it.
  std::unique_ptr<TextEncoder> LoadChanged(const NamedTensors& tensors, torch::ScalarType dtype = torch::kFloat32) {
    std::filesystem::copy_file(std::filesystem::path(kCheckpoint) / "config.json", folder_.path() / "config.json");
    stampd::testing::WriteTensors(tensors, folder_.path() / "model.safetensors");
    return LoadT5Encoder(folder_.path(), dtype, torch::kCPU);
  }

  TemporaryFolder folder_;
  NamedTensors tensors_ = stampd::testing::ReadTensors(kCheckpoint, "model");
  Golden golden_{"t5/golden"};
  std::vector<std::int64_t> ids_ = Ids(golden_["short.ids"]);
};

class T5PrecisionTest : public ::testing::TestWithParam<Precision> {};

TEST_P(T5PrecisionTest, UnpaddedTokensComeOutAsFromThePaddedReference) {
  const Golden golden("t5/golden");
  const auto encoder = LoadT5Encoder(kCheckpoint, GetParam().dtype, torch::kCPU);
  for (const std::string prompt : {"long", "short"}) {
    const torch::Tensor embeddings = encoder->Encode(Ids(golden[prompt + ".ids"]));
    EXPECT_EQ(embeddings.scalar_type(), GetParam().dtype);
    ExpectClose(embeddings, golden[prompt + "." + GetParam().name], GetParam().tolerance, prompt);
  }
}

INSTANTIATE_TEST_SUITE_P(All, T5PrecisionTest,
                         ::testing::Values(Precision{"fp32", torch::kFloat32, 1e-5}, Precision{"bf16", torch::kBFloat16, 3e-2},
                                           Precision{"fp16", torch::kFloat16, 1e-2}),
                         [](const auto& info) { return info.param.name; });

TEST_F(T5Test, AnFp16OverflowInTheFirstAttentionIsClamped) {
  // The same factors as in make_t5.py, on weights already rounded to fp16.
  for (const auto& [name, factor] : {std::pair{"v", 64}, std::pair{"o", 4096}}) {
    torch::Tensor& weight = tensors_.at(std::string("encoder.block.0.layer.0.SelfAttention.") + name + ".weight");
    weight = weight.to(torch::kFloat16).to(torch::kFloat32) * factor;
  }
  const auto encoder = LoadChanged(tensors_, torch::kFloat16);
  ExpectClose(encoder->Encode(ids_), golden_["short.fp16.clamped"], 1e-2);
}

TEST_F(T5Test, StatesItsSize) {
  const auto encoder = LoadT5Encoder(kCheckpoint, torch::kBFloat16, torch::kCPU);
  std::int64_t parameters = 0;
  for (const auto& [name, tensor] : tensors_) parameters += tensor.numel();
  EXPECT_EQ(encoder->footprint().parameters, parameters);
  EXPECT_EQ(encoder->footprint().resident_bytes, 2 * parameters);
  EXPECT_EQ(encoder->vocabulary(), 53);
  EXPECT_EQ(encoder->dtype(), torch::kBFloat16);
}

TEST_F(T5Test, EmbeddingsMayLieUnderTheEncodersOwnName) {
  tensors_[kOwn] = tensors_.at(kShared);
  tensors_.erase(kShared);
  ExpectClose(LoadChanged(tensors_)->Encode(ids_), golden_["short.fp32"], 1e-5);
}

TEST_F(T5Test, EmbeddingsMayLieUnderBothNamesAndCountOnce) {
  tensors_[kOwn] = tensors_.at(kShared);
  const auto encoder = LoadChanged(tensors_);
  ExpectClose(encoder->Encode(ids_), golden_["short.fp32"], 1e-5);
  EXPECT_EQ(encoder->footprint().parameters, LoadT5Encoder(kCheckpoint, torch::kFloat32, torch::kCPU)->footprint().parameters);
}

TEST_F(T5Test, TiedEmbeddingsOfDifferentShapesAreRefused) {
  tensors_[kOwn] = at::zeros({7, 24});
  EXPECT_THAT([&] { LoadChanged(tensors_); }, ThrowsMessage<Broken>(AllOf(HasSubstr(kOwn), HasSubstr("[7, 24]"))));
}

TEST_F(T5Test, ADecoderInTheSameFileIsLeftAlone) {
  tensors_["decoder.block.0.layer.0.layer_norm.weight"] = at::ones({24});
  tensors_["lm_head.weight"] = at::ones({53, 24});
  EXPECT_NO_THROW(LoadChanged(tensors_));
}

TEST_F(T5Test, ATensorThatNoEncoderHasIsRefused) {
  tensors_["encoder.block.3.layer.0.layer_norm.weight"] = at::ones({24});
  EXPECT_THAT([&] { LoadChanged(tensors_); }, ThrowsMessage<Broken>(HasSubstr("encoder.block.3.layer.0.layer_norm.weight")));
}

TEST_F(T5Test, IdsOutsideTheVocabularyAreRefusedWithValueAndRange) {
  const auto encoder = LoadT5Encoder(kCheckpoint, torch::kFloat32, torch::kCPU);
  for (const std::int64_t bad : {-1, 53}) {
    EXPECT_THAT(
        [&] {
          encoder->Encode(std::vector<std::int64_t>{5, bad, 1});
        },
        ThrowsMessage<Broken>(AllOf(HasSubstr(std::to_string(bad) + " at position 1"), HasSubstr("0 … 52"))));
  }
  EXPECT_THROW(encoder->Encode({}), Broken);
}

TEST(T5ConfigTest, WhatIsNotComputedHereIsRefusedByFileKeyAndValue) {
  const std::string sizes = R"("vocab_size": 53, "d_model": 24, "num_heads": 3, "d_kv": 6, "d_ff": 40, "num_layers": 3)";
  const auto read = [&](const std::string& more) { return t5::ReadConfig(io::Config::Parse("{" + sizes + more + "}", "c.json")); };
  EXPECT_EQ(read(R"(, "feed_forward_proj": "gated-gelu")").position_buckets, 32);
  for (const std::string name : {"relu", "gated-silu"}) {
    EXPECT_THAT([&] { read(R"(, "feed_forward_proj": ")" + name + '"'); },
                ThrowsMessage<Broken>(AllOf(HasSubstr("c.json: feed_forward_proj"), HasSubstr('"' + name + '"'))));
  }
  EXPECT_THAT([&] { read(""); }, ThrowsMessage<Broken>(HasSubstr("feed_forward_proj")));
  EXPECT_THAT([&] { read(R"(, "feed_forward_proj": "gated-gelu", "model_type": "umt5")"); },
              ThrowsMessage<Broken>(HasSubstr("\"umt5\"")));
  EXPECT_THAT([&] { read(R"(, "feed_forward_proj": "gated-gelu", "relative_attention_num_buckets": 30)"); },
              ThrowsMessage<Broken>(HasSubstr("found 30")));
  EXPECT_THAT([&] { read(R"(, "feed_forward_proj": "gated-gelu", "relative_attention_max_distance": 8)"); },
              ThrowsMessage<Broken>(HasSubstr("found 8")));
  EXPECT_THAT([&] { read(R"(, "feed_forward_proj": "gated-gelu", "layer_norm_epsilon": 0)"); },
              ThrowsMessage<Broken>(HasSubstr("layer_norm_epsilon")));
}

TEST(T5ConfigTest, SizesMustBePositive) {
  const std::string json = R"({"feed_forward_proj": "gated-gelu", "vocab_size": 53, "d_model": 24, "num_heads": -3, "d_kv": 6,
                               "d_ff": 40, "num_layers": 3})";
  EXPECT_THAT([&] { t5::ReadConfig(io::Config::Parse(json, "c.json")); },
              ThrowsMessage<Broken>(AllOf(HasSubstr("num_heads"), HasSubstr("found -3"))));
}

TEST(T5RelativePositionTest, BucketsWidenWithDistance) {
  // First distance of each bucket from 8 on, by enumeration of the formula.
  const std::vector<std::pair<int, int>> first = {{8, 8}, {12, 9}, {16, 10}, {23, 11}, {32, 12}, {46, 13}, {64, 14}, {91, 15}};
  for (std::size_t i = 0; i < first.size(); ++i) {
    const int end = i + 1 < first.size() ? first[i + 1].first : 1000;
    for (int distance = first[i].first; distance < end; ++distance) {
      EXPECT_EQ(t5::RelativePositionBucket(-distance, 32, 128), first[i].second) << distance;
      EXPECT_EQ(t5::RelativePositionBucket(distance, 32, 128), first[i].second + 16) << distance;
    }
  }
  for (int distance = 0; distance < 8; ++distance) EXPECT_EQ(t5::RelativePositionBucket(-distance, 32, 128), distance);
  EXPECT_EQ(t5::RelativePositionBucket(1, 32, 128), 17);
}

TEST(T5RelativePositionTest, TheBiasOfAPairIsTheTablesRowForItsDistance) {
  const torch::Tensor table = at::arange(64, torch::kFloat32).reshape({32, 2});
  const torch::Tensor bias = t5::RelativePositionBias(table, 40, 128);
  ASSERT_EQ(bias.sizes(), at::IntArrayRef({2, 40, 40}));
  for (const auto& [query, key] : {std::pair{0, 0}, std::pair{0, 39}, std::pair{39, 0}, std::pair{12, 20}, std::pair{20, 12}}) {
    const std::int64_t bucket = t5::RelativePositionBucket(key - query, 32, 128);
    for (int head = 0; head < 2; ++head) EXPECT_EQ(bias[head][query][key].item<float>(), table[bucket][head].item<float>());
  }
}

}  // namespace
}  // namespace stampd::models
