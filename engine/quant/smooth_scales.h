#pragma once

#include <span>
#include <vector>

namespace stampd::quant {

/// SmoothQuant's scales (arXiv 2211.10438, eq. 4): s_j = max|X_j|^alpha / max|W_j|^(1 - alpha) for each input channel j, with both
/// maxima and the result at least 1e-5. Activations are divided by s, the weights' columns multiplied with it.
std::vector<float> SmoothScales(std::span<const float> activation_max, std::span<const float> weight_max, double alpha);

}  // namespace stampd::quant
