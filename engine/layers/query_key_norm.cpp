#include "engine/layers/query_key_norm.h"

namespace stampd::layers {

QueryKeyNorm::QueryKeyNorm(const WeightScope& scope, std::int64_t width, bool present) {
  if (!present) return;
  queries_ = {.weight = (scope / "norm_q").Take("weight", {width})};
  keys_ = {.weight = (scope / "norm_k").Take("weight", {width})};
}

void QueryKeyNorm::ApplyToQueries(const torch::Tensor& q) const {
  if (queries_) ops::Normalize(q, *queries_);
}

void QueryKeyNorm::ApplyToKeys(const torch::Tensor& k) const {
  if (keys_) ops::Normalize(k, *keys_);
}

}  // namespace stampd::layers
