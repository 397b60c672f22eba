#include "engine/models/dit/position_table.h"

#include <algorithm>
#include <cmath>

namespace stampd::models::dit {
namespace {

constexpr double kLongestPeriod = 10000;

// One side of the grid: [count, half_width]. Coordinates are rounded to float between the two divisions, as the reference's are.
std::vector<float> AxisTable(int count, std::int64_t half_width, int base, double scale) {
  const std::int64_t frequencies = half_width / 2;
  const auto stretch = static_cast<float>(static_cast<double>(count) / base);
  std::vector<float> table(static_cast<std::size_t>(count * half_width));
  for (int i = 0; i < count; ++i) {
    const double place = static_cast<float>(i) / stretch / static_cast<float>(scale);
    float* row = table.data() + i * half_width;
    for (std::int64_t k = 0; k < frequencies; ++k) {
      const double angle = place / std::pow(kLongestPeriod, static_cast<double>(k) / static_cast<double>(frequencies));
      row[k] = static_cast<float>(std::sin(angle));
      row[frequencies + k] = static_cast<float>(std::cos(angle));
    }
  }
  return table;
}

}  // namespace

torch::Tensor PositionTable(const TokenLayout& layout, std::int64_t width, int base, double scale) {
  const Grid grid = layout.grid();
  const std::int64_t half = width / 2;
  const std::vector<float> columns = AxisTable(grid.width, half, base, scale);
  const std::vector<float> lines = AxisTable(grid.height, half, base, scale);
  torch::Tensor table = at::empty({grid.tokens(), width}, torch::kFloat32);
  float* out = table.data_ptr<float>();
  for (const int raster : layout.raster_of()) {
    out = std::copy_n(columns.data() + raster % grid.width * half, half, out);
    out = std::copy_n(lines.data() + raster / grid.width * half, half, out);
  }
  return table;
}

}  // namespace stampd::models::dit
