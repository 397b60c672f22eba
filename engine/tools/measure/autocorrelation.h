#pragma once

#include <filesystem>
#include <string>

#include "engine/quant/recipe.h"
#include "engine/tools/measure/compare.h"

namespace stampd::tools {

/// What a sequence transform does to the input of one linear: the figures 3 and 4 of STaMP's paper, on one's own model.
///
/// Writes PREFIX-before.png and PREFIX-after.png, the tokens' autocorrelation |E[X Xᵀ]| in raster order and that of L X from low to
/// high coefficients, black at 1/1000 of a token's mean energy and white at 100 times (grids above 64x64 tokens averaged to 4096
/// and below), and PREFIX-energy.svg, each token's energy in descending order, before and after.
///
/// `layer` is a name or a pattern of one as in recipes; the first linear that matches counts. Averages over all prompts, steps and
/// rows. Broken if none matches.
void PlotAutocorrelation(const CompareOptions& options, const std::string& layer, const quant::Recipe& recipe,
                         const std::filesystem::path& prefix);

}  // namespace stampd::tools
