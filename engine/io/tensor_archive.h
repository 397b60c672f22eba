#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/dtype.h"

namespace stampd::io {

/// One tensor of a file, seen where the file is mapped: contiguous, little-endian, row-major. The format does not promise
/// that it is aligned to its dtype; today's writers pad their headers so that it is.
struct TensorRecord {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::filesystem::path file;
};

/// The tensors of one component: a single safetensors file, or the shards that an index names, mapped and not copied.
///
/// Format: https://github.com/huggingface/safetensors (8-byte header length, JSON header, data). Nothing in a file is trusted:
/// header length, JSON, dtype, shape, offsets (in bounds, no overlap, no holes, size equal to shape), names unique over all
/// shards, index and shards agreeing. What does not hold throws Broken with file, tensor, expected and found.
///
/// The files must not be truncated while they are mapped (SIGBUS); replacing them by a rename is harmless.
///
/// Immutable and thread-safe. Records point into the mapping and are valid while the archive lives.
class TensorArchive {
 public:
  /// Opens `stem`.safetensors in `folder`, or the shards of `stem`.safetensors.index.json. With neither there, the variants
  /// fp16 and bf16 in both spellings of their index (stem.safetensors.index.fp16.json, stem.safetensors.fp16.index.json),
  /// the one that `preferred_variant` names first. `stem` is "diffusion_pytorch_model" for diffusers' modules and "model" for
  /// transformers'. Shard names come from the index and must lie in `folder`.
  static std::shared_ptr<const TensorArchive> Open(const std::filesystem::path& folder, std::string_view stem,
                                                   std::string_view preferred_variant = {});

  ~TensorArchive();
  TensorArchive(const TensorArchive&) = delete;
  TensorArchive& operator=(const TensorArchive&) = delete;

  std::span<const TensorRecord> tensors() const;          // sorted by name
  const TensorRecord* Find(std::string_view name) const;  // null if there is none
  std::span<const std::filesystem::path> files() const;   // the weight files that are mapped

  /// Tells the kernel that `record` has been read for the last time, so that its pages leave resident memory.
  void Release(const TensorRecord& record) const;

 private:
  struct State;
  explicit TensorArchive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stampd::io
