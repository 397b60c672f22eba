#include "engine/tools/random/write_checkpoint.h"

#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/io/checkpoint.h"
#include "engine/io/digest.h"
#include "engine/io/tensor_archive.h"
#include "engine/tools/random/presets.h"
#include "tests/expect_broken.h"
#include "tests/temporary_folder.h"

namespace stampd::tools {
namespace {

using stampd::testing::ExpectBroken;
using stampd::testing::TemporaryFolder;

namespace fs = std::filesystem;

CheckpointPlan Tiny(io::DType dtype = io::DType::kF32) { return PlanPreset("tiny-pixart", TextEncoderSize::kSmall, dtype); }

// The digest of what these options write.
std::string DigestOf(const WriteOptions& options) {
  const TemporaryFolder folder;
  WriteCheckpoint(Tiny(options.dtype), folder.path(), options);
  return io::ModelDigest(io::Checkpoint::Open(folder.path()));
}

std::string Bytes(const io::TensorRecord& record) {
  return {reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size()};
}

TEST(WriteCheckpointTest, BytesDependOnTheSeedAndOnNothingElse) {
  const std::string digest = DigestOf({.seed = 5, .threads = 1});
  EXPECT_EQ(DigestOf({.seed = 5, .threads = 4}), digest);
  EXPECT_EQ(DigestOf({.seed = 5}), digest);
  EXPECT_NE(DigestOf({.seed = 6}), digest);
}

TEST(WriteCheckpointTest, IsAPipelineFolderWithEveryComponent) {
  const TemporaryFolder folder;
  WriteCheckpoint(Tiny(), folder.path() / "new" / "model", {});
  const io::Checkpoint checkpoint = io::Checkpoint::Open(folder.path() / "new" / "model");
  EXPECT_EQ(checkpoint.pipeline_class(), "PixArtSigmaPipeline");
  EXPECT_EQ(checkpoint.components().size(), 5U);
  for (const char* file : {"scheduler/scheduler_config.json", "text_encoder/config.json", "tokenizer/spiece.model",
                           "tokenizer/tokenizer_config.json", "transformer/config.json", "vae/config.json"}) {
    EXPECT_TRUE(fs::is_regular_file(checkpoint.folder() / file)) << file;
  }
}

TEST(WriteCheckpointTest, SanaFoldersHaveTheirOwnTokenizer) {
  for (const auto& [preset, pipeline_class] :
       {std::pair{"tiny-sana", "SanaPipeline"}, {"tiny-sana-sprint", "SanaSprintPipeline"}}) {
    const TemporaryFolder folder;
    WriteCheckpoint(PlanPreset(preset, TextEncoderSize::kSmall, io::DType::kF32), folder.path(), {});
    const io::Checkpoint checkpoint = io::Checkpoint::Open(folder.path());
    EXPECT_EQ(checkpoint.pipeline_class(), pipeline_class);
    EXPECT_EQ(checkpoint.components().size(), 5U);
    for (const char* file : {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"}) {
      EXPECT_TRUE(fs::is_regular_file(checkpoint.folder() / "tokenizer" / file)) << file;
    }
  }
}

void ExpectPlannedSpread(const CheckpointPlan& plan) {
  const TemporaryFolder folder;
  WriteCheckpoint(plan, folder.path(), {});
  for (const ComponentPlan& component : plan.components) {
    if (component.tensors.empty()) continue;
    const auto archive = io::TensorArchive::Open(folder.path() / component.name, component.stem);
    ASSERT_EQ(archive->tensors().size(), component.tensors.size());
    for (const RandomTensor& tensor : component.tensors) {
      const io::TensorRecord* record = archive->Find(tensor.name);
      ASSERT_NE(record, nullptr) << tensor.name;
      EXPECT_EQ(record->shape, tensor.shape) << tensor.name;
      std::vector<float> values(record->bytes.size() / 4);
      std::memcpy(values.data(), record->bytes.data(), record->bytes.size());
      double square = 0;
      for (const float value : values) square += (value - tensor.mean) * (value - tensor.mean);
      const double count = static_cast<double>(values.size());
      EXPECT_NEAR(square / count / (tensor.stddev * tensor.stddev), 1, 5 * std::sqrt(2 / count)) << tensor.name;
    }
  }
}

TEST(WriteCheckpointTest, TensorsHaveTheSpreadThatThePlanSays) {
  ExpectPlannedSpread(Tiny());
  ExpectPlannedSpread(PlanPreset("tiny-sana-sprint", TextEncoderSize::kSmall, io::DType::kF32));
}

TEST(WriteCheckpointTest, HalfPrecisionsHoldTheSameNumbers) {
  for (const io::DType dtype : {io::DType::kBF16, io::DType::kF16}) {
    const TemporaryFolder folder;
    WriteCheckpoint(Tiny(dtype), folder.path(), {.dtype = dtype});
    const auto archive = io::TensorArchive::Open(folder.path() / "vae", "diffusion_pytorch_model");
    for (const io::TensorRecord& record : archive->tensors()) EXPECT_EQ(record.dtype, dtype) << record.name;
  }
  EXPECT_NE(DigestOf({.dtype = io::DType::kBF16}), DigestOf({.dtype = io::DType::kF16}));
}

TEST(WriteCheckpointTest, ShardsHoldTheTensorsOfTheWhole) {
  const TemporaryFolder whole, split;
  WriteCheckpoint(Tiny(), whole.path(), {});
  WriteCheckpoint(Tiny(), split.path(), {.max_shard_bytes = 100'000});
  const auto one = io::TensorArchive::Open(whole.path() / "transformer", "diffusion_pytorch_model");
  const auto many = io::TensorArchive::Open(split.path() / "transformer", "diffusion_pytorch_model");
  EXPECT_EQ(one->files().size(), 1U);
  EXPECT_GT(many->files().size(), 5U);
  EXPECT_THAT(many->files()[0].filename().string(), ::testing::StartsWith("diffusion_pytorch_model-00001-of-000"));
  ASSERT_EQ(one->tensors().size(), many->tensors().size());
  for (const io::TensorRecord& record : one->tensors()) EXPECT_EQ(Bytes(*many->Find(record.name)), Bytes(record)) << record.name;
}

TEST(WriteCheckpointTest, AFolderThatHoldsSomethingIsLeftAlone) {
  const TemporaryFolder folder;
  folder.Write("precious", "");
  ExpectBroken([&] { WriteCheckpoint(Tiny(), folder.path(), {}); },
               {"[random] " + folder.path().string() + ": expected nothing or an empty directory, found one that holds something"});
  ExpectBroken([&] { WriteCheckpoint(Tiny(), folder.path() / "precious", {}); }, {"precious: expected", "found a file"});
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(WriteCheckpointTest, AFolderThatCantBeMadeIsNamed) {
  const TemporaryFolder folder;
  folder.Write("file", "");
  ExpectBroken([&] { WriteCheckpoint(Tiny(), folder.path() / "file" / "model", {}); },
               {"[random] ", "file/model: can't create the directory: Not a directory"});
  // Nobody can write there, not even root.
  ExpectBroken([&] { WriteCheckpoint(Tiny(), "/proc/stampd", {}); }, {"[random] /proc/stampd: can't create the directory: "});
}

TEST(WriteCheckpointTest, WhatWasNotFinishedIsNoPipeline) {
  const TemporaryFolder folder;
  CheckpointPlan plan = Tiny();
  plan.components.back().files[0].name = "missing/config.json";
  ExpectBroken([&] { WriteCheckpoint(plan, folder.path(), {}); }, {"missing/config.json: can't write"});
  ExpectBroken([&] { io::Checkpoint::Open(folder.path()); }, {"model_index.json"});
}

}  // namespace
}  // namespace stampd::tools
