#include "engine/kernels/pointwise.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace stampd::kernels::reference {

void LayerNormModulate(TokenView<double> x, const double* shift, const double* scale, double eps) {
  for (int r = 0; r < x.rows; ++r) {
    double* const row = x.row(r);
    const double mean = std::accumulate(row, row + x.width, 0.0) / x.width;
    const double squares =
        std::accumulate(row, row + x.width, 0.0, [&](double sum, double value) { return sum + (value - mean) * (value - mean); });
    const double deviation = std::sqrt(squares / x.width + eps);
    for (int c = 0; c < x.width; ++c) row[c] = (row[c] - mean) / deviation * (1 + scale[c]) + shift[c];
  }
}

double GeluTanh(double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); }

double Silu(double x) { return x / (1 + std::exp(-x)); }

void RmsNorm(TokenView<double> x, const double* weight, const double* bias, double eps) {
  for (int r = 0; r < x.rows; ++r) {
    double* const row = x.row(r);
    const double squares = std::inner_product(row, row + x.width, row, 0.0);
    for (int c = 0; c < x.width; ++c) {
      row[c] = row[c] / std::sqrt(squares / x.width + eps) * weight[c] + (bias == nullptr ? 0 : bias[c]);
    }
  }
}

}  // namespace stampd::kernels::reference
