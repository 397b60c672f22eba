#pragma once

#include <string>
#include <vector>

#include "engine/tools/measure/compare.h"

namespace stampd::tools {

/// Teacher-forced and latent SQNR over the number of high tokens, with and without the sequence transform, as SVG; below the number
/// of tokens stand the effective bits of activations.
///
/// It shows the first comparison's recipe and all that differ from it in nothing but how many tokens are high (high_rule,
/// high_count) and whether tokens are transformed: what the sweep `tokens` makes of it.
std::string TokensPlot(const std::vector<Comparison>& comparisons);

}  // namespace stampd::tools
