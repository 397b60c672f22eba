#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/types.h>

#include "engine/base/error.h"
#include "engine/kernels/bf16.h"
#include "engine/kernels/token_view.h"
#include "engine/ops/segment.h"

/// Packed tokens as the kernels see them.

namespace stampd::ops {

/// Rows of one segment that one thread works on; whole tiles, where the segment has a layout.
struct RowBlock {
  std::int64_t segment = 0;
  std::int64_t first = 0;  // of the pack's rows
  int rows = 0;
  std::vector<Tile> tiles;  // first_row counts from `first`
};

/// Cuts a pack into blocks of at most `most_rows` rows, or of one tile if that has more.
std::vector<RowBlock> BlocksOf(Segments segments, std::int64_t most_rows);

/// Memory for blocks of fp32 that grows to the largest.
class Scratch {
 public:
  kernels::TokenView<float> View(int rows, int width) {
    const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
    if (size > size_) floats_ = std::make_unique_for_overwrite<float[]>(size_ = size);
    return {floats_.get(), rows, width, width};
  }

 private:
  std::unique_ptr<float[]> floats_;
  std::size_t size_ = 0;
};

/// f(task, scratch) for 0 … tasks-1, spread over LibTorch's threads. A thread keeps its scratch: given back each time, its pages
/// would have to be mapped and cleared anew.
template <typename F>
void InParallel(std::int64_t tasks, F f) {
  at::parallel_for(0, tasks, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local Scratch scratch;
    for (std::int64_t task = begin; task < end; ++task) f(task, scratch);
  });
}

/// A dense tensor [rows, width] whose elements are T. Broken if its rows are not.
template <typename T>
kernels::TokenView<T> ViewOf(const torch::Tensor& x) {
  if (x.stride(1) != 1) throw Broken("[ops] expected tokens whose channels lie side by side");
  return {static_cast<T*>(x.data_ptr()), static_cast<int>(x.size(0)), static_cast<int>(x.size(1)), x.stride(0)};
}

template <typename T>
kernels::TokenView<T> Rows(kernels::TokenView<T> x, std::int64_t first, int count) {
  return {x.data + first * x.stride, count, x.width, x.stride};
}

template <typename T>
kernels::TokenView<const T> ReadOnly(kernels::TokenView<T> x) {
  return {x.data, x.rows, x.width, x.stride};
}

/// A row of a table [segments, width], or null if there is no table.
template <typename T>
const T* RowOf(const torch::Tensor& table, std::int64_t segment) {
  return table.defined() ? ViewOf<const T>(table).data + segment * table.stride(0) : nullptr;
}

/// Whether kernels take tensors of this dtype.
inline bool HasKernels(torch::ScalarType dtype) { return dtype == torch::kFloat32 || dtype == torch::kBFloat16; }

/// f(T{}) with the kernels' type for a dtype that has kernels.
template <typename F>
void WithType(torch::ScalarType dtype, F f) {
  if (dtype == torch::kFloat32) {
    f(float{});
  } else {
    f(kernels::Bf16{});
  }
}

}  // namespace stampd::ops
