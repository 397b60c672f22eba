#include "engine/models/token_embedding.h"

#include <ATen/ATen.h>

#include "engine/base/error.h"

namespace stampd::models {

torch::Tensor TokenEmbedding::Look(std::span<const std::int64_t> ids) const {
  if (ids.empty()) throw Broken("[" + network_ + "] expected at least one token id, found none");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= 0 && ids[i] < table_.size(0)) continue;
    throw Broken("[" + network_ + "] token id " + std::to_string(ids[i]) + " at position " + std::to_string(i) + ": expected 0 … " +
                 std::to_string(table_.size(0) - 1));
  }
  const at::ArrayRef<std::int64_t> list(ids.data(), ids.size());
  return at::embedding(table_, torch::tensor(list, torch::kInt64).to(table_.device()));
}

}  // namespace stampd::models
