#include "engine/kernels/gated_depthwise.h"

#include <cmath>

namespace stampd::kernels::reference {

void GatedDepthwise(TokenView<const double> x, Grid grid, DepthwiseFilters<double> filters, TokenView<double> out) {
  const auto conv = [&](int y, int column, int c) {
    double sum = filters.bias[c];
    for (int tap = 0; tap < 9; ++tap) {
      const int near_y = y + tap / 3 - 1, near_x = column + tap % 3 - 1;
      if (near_y < 0 || near_y >= grid.height || near_x < 0 || near_x >= grid.width) continue;
      sum += filters.taps[tap * x.width + c] * x.row(near_y * grid.width + near_x)[c];
    }
    return sum;
  };
  for (int token = 0; token < grid.tokens(); ++token) {
    const int y = token / grid.width, column = token % grid.width;
    for (int c = 0; c < out.width; ++c) {
      const double gate = conv(y, column, out.width + c);
      out.row(token)[c] = conv(y, column, c) * gate / (1 + std::exp(-gate));
    }
  }
}

}  // namespace stampd::kernels::reference
