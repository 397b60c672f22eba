#include "engine/models/t5/relative_position.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace stampd::models::t5 {

std::int64_t RelativePositionBucket(std::int64_t distance, std::int64_t buckets, std::int64_t max_distance) {
  const std::int64_t half = buckets / 2;
  const std::int64_t exact = half / 2;
  const std::int64_t first = distance > 0 ? half : 0;
  const std::int64_t away = std::abs(distance);
  if (away < exact) return first + away;
  // In float and in this order, as the reference has it, so that a distance on a bucket's edge falls to the same side.
  const float octaves = std::log(static_cast<float>(away) / static_cast<float>(exact)) /
                        static_cast<float>(std::log(static_cast<double>(max_distance) / static_cast<double>(exact)));
  const auto shared = static_cast<std::int64_t>(octaves * static_cast<float>(half - exact));
  return first + std::min(exact + shared, half - 1);
}

torch::Tensor RelativePositionBias(const torch::Tensor& table, std::int64_t length, std::int64_t max_distance) {
  std::vector<std::int64_t> buckets;
  for (std::int64_t distance = 1 - length; distance < length; ++distance) {
    buckets.push_back(RelativePositionBucket(distance, table.size(0), max_distance));
  }
  const torch::Tensor rows = torch::from_blob(buckets.data(), {2 * length - 1}, torch::kInt64).to(table.device());
  // One value per distance; the windows of `length` over them are the rows of the bias, the last query's first.
  return table.index_select(0, rows).t().contiguous().unfold(1, length, 1).flip(1);
}

}  // namespace stampd::models::t5
