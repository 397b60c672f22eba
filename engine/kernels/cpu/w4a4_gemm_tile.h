#pragma once

#include <cstddef>
#include <cstdint>

/// What an instruction set contributes to kernels::cpu::Multiply: the order of a panel, that is, of a few outputs' weights over all
/// channels, unpacked once for the hundreds of rows that pass by, and the product of a few rows and a panel.
///
/// Files that are compiled for an instruction set include this and no header with inline code: the linker keeps one copy of such
/// code for the whole program, which might be theirs, and die of it on older processors.

namespace stampd::kernels::cpu {

/// Channels that a panel is unpacked by. The last ones' missing weights are zeros.
inline constexpr int kPanelStep = 32;

inline constexpr int kMaxTileRows = 12;
inline constexpr int kMaxTileOuts = 32;

/// Some consecutive steps of a tile's outputs.
struct PackedWeights {
  const std::uint8_t* codes[kMaxTileOuts];        // of each output, from the first step on
  const std::uint8_t* multipliers[kMaxTileOuts];  // one for every two steps, from an even step on; not read where it is null
  int bits;                                       // of codes: 4 or 8
  int steps;
};

/// Rows times a panel.
struct TileProduct {
  const void* codes;  // [rows, groups * depth], bytes or 16-bit words as the tile wants them
  std::ptrdiff_t codes_stride;
  const float* scales;        // [rows, groups]
  const std::uint8_t* zeros;  // [rows, groups]
  int rows;                   // 1 … GemmTile::rows
  int groups;
  int depth;  // channels of a group, rounded up to a multiple of 4

  const std::byte* panel;
  const std::int32_t* sums;  // [groups, GemmTile::outs], SumWeights
  const float* out_scales;   // [GemmTile::outs]

  float* y;
  std::ptrdiff_t y_stride;
  int outs;  // that are written

  const char* destination;  // that results go to later, or null
  std::ptrdiff_t destination_stride;
  int destination_bytes;  // of a row
};

struct GemmTile {
  int rows;          // at most, of a product
  int outs;          // of a panel
  int code_bytes;    // of a row's elements: 1, or 2 where they are multiplied as 16-bit words
  int step_bytes;    // of a panel
  int panels_bytes;  // of the second-level cache that panels may fill
  void (*unpack)(const PackedWeights& weights, std::byte* panel);
  void (*multiply)(const TileProduct& product);
};

extern const GemmTile kAvx512Tile;
extern const GemmTile kAvxVnniTile;
extern const GemmTile kAvx2NibbleTile;  // weights of 4 bits, with multipliers or without
extern const GemmTile kAvx2Tile;        // any weights

}  // namespace stampd::kernels::cpu
