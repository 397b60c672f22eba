#include "engine/quant/smooth_scales.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace stampd::quant {

std::vector<float> SmoothScales(std::span<const float> activation_max, std::span<const float> weight_max, double alpha) {
  assert(activation_max.size() == weight_max.size());
  constexpr double kLeast = 1e-5;
  std::vector<float> scales;
  for (std::size_t j = 0; j < activation_max.size(); ++j) {
    const double activation = std::max<double>(activation_max[j], kLeast), weight = std::max<double>(weight_max[j], kLeast);
    scales.push_back(static_cast<float>(std::max(kLeast, std::pow(activation, alpha) / std::pow(weight, 1 - alpha))));
  }
  return scales;
}

}  // namespace stampd::quant
