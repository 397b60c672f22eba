#include "engine/ops/token_rows.h"

#include <algorithm>

namespace stampd::ops {
namespace {

void AddTiles(std::vector<RowBlock>& blocks, std::int64_t index, const Segment& segment, std::int64_t most_rows) {
  bool begins = true;
  for (Tile tile : segment.layout->tiles()) {
    const int rows = tile.side * tile.side;
    if (begins || blocks.back().rows + rows > most_rows) blocks.push_back({index, segment.first + tile.first_row, 0, {}});
    begins = false;
    tile.first_row = blocks.back().rows;
    blocks.back().tiles.push_back(tile);
    blocks.back().rows += rows;
  }
}

}  // namespace

std::vector<RowBlock> BlocksOf(Segments segments, std::int64_t most_rows) {
  std::vector<RowBlock> blocks;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const auto index = static_cast<std::int64_t>(s);
    if (segments[s].layout != nullptr) {
      AddTiles(blocks, index, segments[s], most_rows);
      continue;
    }
    for (std::int64_t row = 0; row < segments[s].tokens; row += most_rows) {
      blocks.push_back({index, segments[s].first + row, static_cast<int>(std::min(most_rows, segments[s].tokens - row)), {}});
    }
  }
  return blocks;
}

}  // namespace stampd::ops
