#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/io/dtype.h"
#include "engine/tools/random/plan.h"

namespace stampd::tools {

struct WriteOptions {
  std::uint64_t seed = 0;
  io::DType dtype = io::DType::kF32;
  std::uint64_t max_shard_bytes = 10'000'000'000;  // a larger component becomes shards and an index, as transformers writes them
  unsigned threads = 0;                            // 0: as many as the machine has; the bytes do not depend on it
};

/// Writes the pipeline folder that `plan` describes, holding a few MiB in memory whatever its size. `folder` is made if it is not
/// there; Broken if it holds something already or can't be written. model_index.json comes last: without it, the folder is none.
void WriteCheckpoint(const CheckpointPlan& plan, const std::filesystem::path& folder, const WriteOptions& options);

}  // namespace stampd::tools
