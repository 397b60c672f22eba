#include "engine/tools/random/write_checkpoint.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "engine/base/error.h"
#include "engine/io/parallel.h"
#include "engine/io/safetensors_writer.h"
#include "engine/tools/json.h"
#include "engine/tools/random/normal.h"

namespace stampd::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kChunk = 1 << 18;  // numbers that a thread makes at a time

using Shard = std::vector<RandomTensor>;

struct Chunk {
  std::size_t tensor;
  std::uint64_t begin;
  std::uint64_t end;
};

io::TensorSpec Spec(const RandomTensor& tensor, io::DType dtype) { return {tensor.name, dtype, tensor.shape}; }

std::vector<Chunk> Chunks(std::span<const io::TensorSpec> specs) {
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::uint64_t count = io::ElementCount(specs[i]);
    for (std::uint64_t begin = 0; begin < count; begin += kChunk) chunks.push_back({i, begin, std::min(count, begin + kChunk)});
  }
  return chunks;
}

void WriteShard(const Shard& shard, const fs::path& file, const WriteOptions& options) {
  std::vector<io::TensorSpec> specs;
  for (const RandomTensor& tensor : shard) specs.push_back(Spec(tensor, options.dtype));
  io::SafetensorsWriter writer(file, std::move(specs));
  const std::vector<Chunk> chunks = Chunks(writer.tensors());
  io::ForEachInParallel(chunks.size(), options.threads, [&](std::size_t i) {
    const auto [index, begin, end] = chunks[i];
    const RandomTensor& tensor = shard[index];
    const std::size_t element = io::BytesPerElement(options.dtype);
    std::vector<float> values(end - begin);
    std::vector<std::byte> bytes(values.size() * element);
    FillNormal(TensorKey(options.seed, tensor.name), begin, tensor.mean, tensor.stddev, values);
    Encode(values, options.dtype, bytes.data());
    writer.Write(index, begin * element, bytes);
  });
  writer.Finish();
}

// In order, each shard as full as it may be; a tensor larger than that is a shard of its own.
std::vector<Shard> Split(const std::vector<RandomTensor>& tensors, const WriteOptions& options) {
  std::vector<Shard> shards(1);
  std::uint64_t size = 0;
  for (const RandomTensor& tensor : tensors) {
    const std::uint64_t bytes = io::ByteCount(Spec(tensor, options.dtype));
    if (size != 0 && size + bytes > options.max_shard_bytes) {
      shards.emplace_back();
      size = 0;
    }
    shards.back().push_back(tensor);
    size += bytes;
  }
  return shards;
}

std::string ShardName(const std::string& stem, std::size_t index, std::size_t count) {
  std::array<char, 32> numbers{};
  std::snprintf(numbers.data(), numbers.size(), "-%05zu-of-%05zu", index + 1, count);
  return stem + numbers.data() + ".safetensors";
}

void WriteText(const fs::path& file, std::string_view content) {
  std::ofstream stream(file, std::ios::binary);
  stream << content;
  if (!stream.flush()) throw Broken("[random] " + file.string() + ": can't write " + std::to_string(content.size()) + " bytes");
}

std::string Index(const std::vector<Shard>& shards, const std::string& stem, const WriteOptions& options) {
  std::uint64_t total = 0;
  std::vector<Json::Member> map;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    for (const RandomTensor& tensor : shards[i]) {
      total += io::ByteCount(Spec(tensor, options.dtype));
      map.emplace_back(tensor.name, ShardName(stem, i, shards.size()));
    }
  }
  return Json::Object({{"metadata", Json::Object({{"total_size", total}})}, {"weight_map", Json::Object(map)}}).file_text();
}

void WriteWeights(const ComponentPlan& component, const fs::path& folder, const WriteOptions& options) {
  const std::vector<Shard> shards = Split(component.tensors, options);
  if (shards.size() == 1) return WriteShard(shards.front(), folder / (component.stem + ".safetensors"), options);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    WriteShard(shards[i], folder / ShardName(component.stem, i, shards.size()), options);
  }
  WriteText(folder / (component.stem + ".safetensors.index.json"), Index(shards, component.stem, options));
}

void MakeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Broken("[random] " + folder.string() + ": can't create the directory: " + error.message());
}

void MakeEmptyFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    throw Broken("[random] " + folder.string() + ": expected nothing or an empty directory, found " +
                 (fs::is_directory(folder, error) ? "one that holds something" : "a file"));
  }
  MakeFolder(folder);
}

std::string ModelIndex(const CheckpointPlan& plan) {
  std::vector<Json::Member> members = {{"_class_name", plan.pipeline_class}, {"_diffusers_version", "0.29.0"}};
  for (const ComponentPlan& component : plan.components) {
    members.emplace_back(component.name, Json::List({component.library, component.class_name}));
  }
  return Json::Object(members).file_text();
}

}  // namespace

void WriteCheckpoint(const CheckpointPlan& plan, const fs::path& folder, const WriteOptions& options) {
  MakeEmptyFolder(folder);
  for (const ComponentPlan& component : plan.components) {
    const fs::path place = folder / component.name;
    MakeFolder(place);
    for (const TextFile& file : component.files) WriteText(place / file.name, file.content);
    if (!component.tensors.empty()) WriteWeights(component, place, options);
  }
  WriteText(folder / "model_index.json", ModelIndex(plan));
}

}  // namespace stampd::tools
