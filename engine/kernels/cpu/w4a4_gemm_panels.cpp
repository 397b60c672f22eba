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

// Some outputs, whose panels stay in the second-level cache.
class Panels {
 public:
  // At most `outs` outputs.
  Panels(const GemmTile& tile, int depth, int groups, int outs)
      : tile_(tile),
        groups_(groups),
        layout_(tile, depth, groups),
        capacity_(static_cast<int>(
            std::clamp(tile.panels_bytes / layout_.size, std::ptrdiff_t{1}, RoundUp(outs, tile.outs) / tile.outs))),
        memory_(panels_memory.Take(capacity_ * layout_.size)) {}

  int capacity() const { return capacity_ * tile_.outs; }  // outputs

  void Unpack(const QuantizedWeights& weight, const std::int32_t* sums) {
    for (int out = 0; out < weight.out; out += tile_.outs) {
      Fill(tile_, weight.Rows(out, std::min(tile_.outs, weight.out - out)), sums + static_cast<std::ptrdiff_t>(out) * groups_,
           groups_, layout_.at(memory_, out / tile_.outs));
    }
  }

  // In tiles that differ by a row at most: one with a few rows alone would be slow.
  void Multiply(const QuantizedTokens& x, const Codes& codes, TokenView<float> y) const {
    const int tiles = (x.rows + tile_.rows - 1) / tile_.rows;
    for (int i = 0, row = 0; i < tiles; ++i) {
      const int rows = (x.rows - row) / (tiles - i);
      MultiplyTile(x.Rows(row, rows), codes.row(row), codes.stride, {y.row(row), rows, y.width, y.stride});
      row += rows;
    }
  }

 private:
  // A few rows, which stay in the first-level cache, times panel after panel, so that Y is written along its rows.
  void MultiplyTile(const QuantizedTokens& x, const std::byte* codes, std::ptrdiff_t codes_stride, TokenView<float> y) const {
    for (int out = 0; out < y.width; out += tile_.outs) {
      const Panel panel = layout_.at(memory_, out / tile_.outs);
      tile_.multiply({.codes = codes,
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
                      .outs = std::min(tile_.outs, y.width - out)});
    }
  }

  const GemmTile& tile_;
  int groups_;
  PanelLayout layout_;
  int capacity_;  // panels
  std::byte* memory_;
};

}  // namespace

void MultiplyPanels(const GemmTile& tile, const QuantizedTokens& x, const QuantizedWeights& weight, const std::int32_t* sums,
                    GemmBlock block, TokenView<float> y) {
  const QuantizedTokens tokens = x.Rows(block.first_row, block.rows);
  const Codes codes = CodesFor(tile, tokens);
  Panels panels(tile, weight.in, x.groups, block.outs);
  for (int o = 0; o < block.outs; o += panels.capacity()) {
    const int first = block.first_out + o, outs = std::min(panels.capacity(), block.outs - o);
    panels.Unpack(weight.Rows(first, outs), sums + static_cast<std::ptrdiff_t>(first) * x.groups);
    panels.Multiply(tokens, codes, {y.data + o, y.rows, outs, y.stride});
  }
}

}  // namespace stampd::kernels::cpu
