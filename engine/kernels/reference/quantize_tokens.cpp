#include "engine/kernels/quantize_tokens.h"

#include <algorithm>
#include <cmath>

namespace stampd::kernels::reference {
namespace {

const double kLeastRange = std::exp2(-100);

void RoundAsymmetric(double* x, int count, int bits, double clip) {
  const double lo = clip * std::min(0.0, *std::min_element(x, x + count));
  const double hi = clip * std::max(0.0, *std::max_element(x, x + count));
  const double levels = (1 << bits) - 1;
  const double scale = hi - lo >= kLeastRange ? (hi - lo) / levels : 1;
  const double zero = std::nearbyint(-lo / scale);
  for (int i = 0; i < count; ++i) {
    const double code = hi - lo >= kLeastRange ? std::clamp(std::nearbyint(x[i] / scale) + zero, 0.0, levels) : zero;
    x[i] = (code - zero) * scale;
  }
}

void RoundSymmetric(double* x, int count, int bits, double clip) {
  double largest = 0;
  for (int i = 0; i < count; ++i) largest = std::max(largest, clip * std::abs(x[i]));
  const double levels = (1 << (bits - 1)) - 1;
  for (int i = 0; i < count; ++i) {
    const double scale = largest / levels;
    x[i] = largest >= kLeastRange ? scale * std::clamp(std::nearbyint(x[i] / scale), -levels, levels) : 0;
  }
}

}  // namespace

void RoundTokens(TokenView<double> x, const std::uint8_t* bits, int groups, TokenRounding rounding) {
  const int count = x.width / groups;
  for (int r = 0; r < x.rows; ++r) {
    for (int g = 0; g < groups; ++g) {
      double* group = x.row(r) + g * count;
      rounding.symmetric ? RoundSymmetric(group, count, bits[r], rounding.clip)
                         : RoundAsymmetric(group, count, bits[r], rounding.clip);
    }
  }
}

}  // namespace stampd::kernels::reference
