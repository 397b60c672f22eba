#pragma once

#include <cstddef>

namespace stampd::kernels {

/// Activations, one token a row: `rows` rows of `width` channels, `stride` elements from one row to the next.
template <typename T>
struct TokenView {
  T* data = nullptr;
  int rows = 0;
  int width = 0;
  std::ptrdiff_t stride = 0;

  T* row(int r) const { return data + r * stride; }
};

}  // namespace stampd::kernels
