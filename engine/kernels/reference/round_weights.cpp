#include "engine/kernels/round_weights.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace stampd::kernels::reference {
namespace {

double Largest(std::span<const double> weights) {
  double largest = 0;
  for (const double w : weights) largest = std::max(largest, std::abs(w));
  return largest;
}

double Rounded(double w, double scale, double qmax) { return scale * std::clamp(std::nearbyint(w / scale), -qmax, qmax); }

double SquaredError(std::span<const double> weights, double scale, double qmax) {
  double error = 0;
  for (const double w : weights) error += std::pow(w - Rounded(w, scale, qmax), 2);
  return error;
}

// The scale of `scales` with the least error, the first of equal ones.
double Best(std::span<const double> weights, std::span<const double> scales, double qmax) {
  return *std::min_element(scales.begin(), scales.end(),
                           [&](double a, double b) { return SquaredError(weights, a, qmax) < SquaredError(weights, b, qmax); });
}

void Round(std::span<double> weights, double scale, double qmax) {
  for (double& w : weights) w = Rounded(w, scale, qmax);
}

void RoundRow(std::span<double> row, double qmax, WeightRounding rounding) {
  const double largest = Largest(row);
  if (largest == 0) return;
  std::vector<double> scales = {largest / qmax};
  if (rounding == WeightRounding::kMseClip) {
    for (int i = 1; i < kClipRatios; ++i) scales.push_back(ClipRatio(i) * largest / qmax);
  }
  Round(row, Best(row, scales, qmax), qmax);
}

void RoundGroupedRow(std::span<double> row, double qmax, WeightRounding rounding) {
  const double unit = Largest(row) / (kMaxMultiplier * qmax);
  if (unit == 0) return;
  for (std::size_t k = 0; k < row.size(); k += kWeightGroup) {
    const std::span<double> group = row.subspan(k, kWeightGroup);
    std::vector<double> scales;
    for (int m = kMaxMultiplier; m > 0; --m) scales.push_back(unit * m);
    if (rounding == WeightRounding::kNearest) {
      scales = {unit * std::clamp(std::ceil(Largest(group) / (unit * qmax)), 1.0, double{kMaxMultiplier})};
    }
    Round(group, Best(group, scales, qmax), qmax);
  }
}

}  // namespace

void RoundWeights(TokenView<double> weight, int bits, bool grouped, WeightRounding rounding) {
  const double qmax = bits == 4 ? 7 : 127;
  for (int o = 0; o < weight.rows; ++o) {
    const std::span<double> row(weight.row(o), static_cast<std::size_t>(weight.width));
    grouped ? RoundGroupedRow(row, qmax, rounding) : RoundRow(row, qmax, rounding);
  }
}

}  // namespace stampd::kernels::reference
