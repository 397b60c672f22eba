#include "engine/tools/measure/retiled.h"

namespace stampd::tools {

Retiled::Retiled(ops::Segments segments, const quant::Recipe& recipe) {
  std::vector<std::int64_t> from;
  for (const ops::Segment& segment : segments) {
    const Grid grid = segment.layout->grid();
    layouts_.push_back(TokenLayout::Tiled(grid, recipe.SideFor(grid.tokens())));
    std::vector<std::int64_t> row_of(static_cast<std::size_t>(grid.tokens()));  // of each place in the old pack
    for (std::size_t row = 0; row < row_of.size(); ++row) {
      row_of[static_cast<std::size_t>(segment.layout->raster_of()[row])] = segment.first + static_cast<std::int64_t>(row);
    }
    for (const int place : layouts_.back().raster_of()) from.push_back(row_of[static_cast<std::size_t>(place)]);
  }
  for (std::size_t s = 0; s < segments.size(); ++s) segments_.push_back({segments[s].first, segments[s].tokens, &layouts_[s]});
  from_ = torch::tensor(from);
}

}  // namespace stampd::tools
