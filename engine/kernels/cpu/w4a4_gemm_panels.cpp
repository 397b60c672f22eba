#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include "engine/kernels/cpu/w4a4_gemm_variants.h"

namespace stampd::kernels::cpu {
namespace {

constexpr std::ptrdiff_t kCacheLine = 64;

std::ptrdiff_t RoundUp(std::ptrdiff_t count, std::ptrdiff_t unit) { return (count + unit - 1) / unit * unit; }

// Memory that begins with a cache line, so that no register of a panel lies in two of them, and that a thread keeps from one
// product to the next: given back each time, its pages would have to be mapped and cleared anew, which took a fifth of the time.
class Scratch {
 public:
  std::byte* Take(std::ptrdiff_t bytes) {
    if (bytes > size_) {
      bytes_.reset();
      bytes_.reset(new (std::align_val_t{kCacheLine}) std::byte[static_cast<std::size_t>(bytes)]);
      size_ = bytes;
    }
    return bytes_.get();
  }

 private:
  struct Delete {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t{kCacheLine}); }
  };
  std::unique_ptr<std::byte[], Delete> bytes_;
  std::ptrdiff_t size_ = 0;
};

thread_local Scratch panels_memory, codes_memory;

// Rows of codes as a tile wants them.
struct Codes {
  const std::byte* first;
  std::ptrdiff_t stride;  // elements
  int element_bytes;

  const std::byte* row(int r) const { return first + r * stride * element_bytes; }
};

template <typename T>
Codes Copy(const QuantizedTokens& x) {
  const std::ptrdiff_t width = RoundUp(x.width, 4);
  T* const copy = reinterpret_cast<T*>(codes_memory.Take(x.rows * width * static_cast<std::ptrdiff_t>(sizeof(T))));
  for (int r = 0; r < x.rows; ++r) {
    T* const row = copy + r * width;
    std::fill_n(row + width - 4, 4, T{0});
    std::copy_n(x.Rows(r, 1).codes, x.width, row);
  }
  return {reinterpret_cast<const std::byte*>(copy), width, sizeof(T)};
}

// Where they lie, if the tile takes bytes and reads no channels that rows don't have.
Codes CodesFor(const GemmTile& tile, const QuantizedTokens& x) {
  if (tile.code_bytes == 2) return Copy<std::uint16_t>(x);
  if (x.width % 4 != 0) return Copy<std::uint8_t>(x);
  return {reinterpret_cast<const std::byte*>(x.codes), x.width, 1};
}

// A tile's outputs with all that a product needs of them.
struct Panel {
  std::byte* weights;
  std::int32_t* sums;  // [groups, GemmTile::outs]
  float* scales;       // [GemmTile::outs]
};

// The sizes of panels, which lie behind each other.
struct PanelLayout {
  PanelLayout(const GemmTile& tile, int depth, int groups)
      : weights(RoundUp(depth, kPanelStep) / kPanelStep * tile.step_bytes),
        sums(RoundUp(groups * tile.outs * std::ptrdiff_t{sizeof(std::int32_t)}, kCacheLine)),
        size(weights + sums + RoundUp(tile.outs * std::ptrdiff_t{sizeof(float)}, kCacheLine)) {}

  Panel at(std::byte* first, int i) const {
    std::byte* const panel = first + i * size;
    return {panel, reinterpret_cast<std::int32_t*>(panel + weights), reinterpret_cast<float*>(panel + weights + sums)};
  }

  std::ptrdiff_t weights, sums, size;
};

// Channels behind the last whole step. Weights with multipliers have none: theirs are whole steps.
void FillLastStep(const GemmTile& tile, const PackedWeights& whole, int channels, std::byte* to) {
  std::uint8_t codes[kMaxTileOuts][kPanelStep] = {};
  PackedWeights last{.bits = whole.bits, .steps = 1};
  for (int o = 0; o < tile.outs; ++o) {
    const std::ptrdiff_t done = static_cast<std::ptrdiff_t>(whole.steps) * kPanelStep * whole.bits / 8;
    std::copy_n(whole.codes[o] + done, channels * whole.bits / 8, codes[o]);
    last.codes[o] = codes[o];
  }
  tile.unpack(last, to);
}

// `sums` are the weight's first output's. Outputs that it lacks are copies of its last one.
void Fill(const GemmTile& tile, const QuantizedWeights& weight, const std::int32_t* sums, int groups, const Panel& panel) {
  PackedWeights packed{.bits = weight.bits, .steps = weight.in / kPanelStep};
  for (int o = 0; o < tile.outs; ++o) {
    const int from = std::min(o, weight.out - 1);
    const QuantizedWeights one = weight.Rows(from, 1);
    packed.codes[o] = one.codes;
    packed.multipliers[o] = one.multipliers;
    panel.scales[o] = one.scales[0];
    for (int g = 0; g < groups; ++g) panel.sums[g * tile.outs + o] = sums[static_cast<std::ptrdiff_t>(from) * groups + g];
  }
  tile.unpack(packed, panel.weights);
  if (const int left = weight.in % kPanelStep; left != 0) {
    FillLastStep(tile, packed, left, panel.weights + static_cast<std::ptrdiff_t>(packed.steps) * tile.step_bytes);
  }
}

// A few rows, which stay in the first-level cache, times panel after panel, so that Y is written along its rows.
void MultiplyTile(const GemmTile& tile, const PanelLayout& layout, std::byte* panels, const QuantizedTokens& x,
                  const std::byte* codes, std::ptrdiff_t codes_stride, TokenView<float> y, GemmDestination destination) {
  const auto* const later = static_cast<const char*>(destination.first);
  for (int out = 0; out < y.width; out += tile.outs) {
    const Panel panel = layout.at(panels, out / tile.outs);
    tile.multiply({.codes = codes,
                   .codes_stride = codes_stride,
                   .scales = x.scales,
                   .zeros = x.zeros,
                   .rows = x.rows,
                   .groups = x.groups,
                   .depth = static_cast<int>(RoundUp(x.group_width(), 4)),
                   .panel = panel.weights,
                   .sums = panel.sums,
                   .out_scales = panel.scales,
                   .y = y.data + out,
                   .y_stride = y.stride,
                   .outs = std::min(tile.outs, y.width - out),
                   .destination = later == nullptr ? nullptr : later + static_cast<std::ptrdiff_t>(out) * destination.element_bytes,
                   .destination_stride = destination.row_bytes,
                   .destination_bytes = std::min(tile.outs, y.width - out) * destination.element_bytes});
  }
}

}  // namespace

int FittingOuts(const GemmTile& tile, int in, int groups) {
  const std::ptrdiff_t panels = std::max(std::ptrdiff_t{1}, tile.panels_bytes / PanelLayout(tile, in, groups).size);
  return static_cast<int>(panels) * tile.outs;
}

std::byte* UnpackPanels(const GemmTile& tile, const QuantizedWeights& weight, const std::int32_t* sums, int groups) {
  const PanelLayout layout(tile, weight.in, groups);
  std::byte* const memory = panels_memory.Take(RoundUp(weight.out, tile.outs) / tile.outs * layout.size);
  for (int out = 0; out < weight.out; out += tile.outs) {
    Fill(tile, weight.Rows(out, std::min(tile.outs, weight.out - out)), sums + static_cast<std::ptrdiff_t>(out) * groups, groups,
         layout.at(memory, out / tile.outs));
  }
  return memory;
}

void MultiplyPanels(const GemmTile& tile, std::byte* panels, const QuantizedTokens& x, TokenView<float> y,
                    GemmDestination destination) {
  const PanelLayout layout(tile, x.width, x.groups);
  const Codes codes = CodesFor(tile, x);
  // In tiles that differ by a row at most: one with a few rows alone would be slow.
  const int tiles = (x.rows + tile.rows - 1) / tile.rows;
  for (int i = 0, row = 0; i < tiles; ++i) {
    const int rows = (x.rows - row) / (tiles - i);
    MultiplyTile(tile, layout, panels, x.Rows(row, rows), codes.row(row), codes.stride, {y.row(row), rows, y.width, y.stride},
                 destination);
    if (destination.first != nullptr) {
      destination.first = static_cast<const std::byte*>(destination.first) + rows * destination.row_bytes;
    }
    row += rows;
  }
}

}  // namespace stampd::kernels::cpu
